package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// programs makes files that pass for the programs, and the flags that name them.
func programs(t *testing.T) []string {
	t.Helper()
	var args []string
	for _, name := range []string{"redoubt", "redis", "benchmark"} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		args = append(args, "-"+name, path)
	}
	return args
}

func TestSettings(t *testing.T) {
	paths := programs(t)
	s, err := parseSettings(append(paths, "-n", "0.5", "-rounds", "2", "-only", "get50,set1",
		"-peer", "a=127.0.0.1:6379", "-peer", "b=[::1]:1", "--", "--read-consistency", "quorum"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if s.scale != 0.5 || s.rounds != 2 || s.mode.name != "throughput" {
		t.Errorf("scale %v, rounds %d, mode %s", s.scale, s.rounds, s.mode.name)
	}
	if len(s.workloads) != 2 || s.workloads[0].id != "get50" || s.workloads[1].id != "set1" {
		t.Errorf("workloads %v", s.workloads)
	}
	if len(s.peers) != 2 || s.peers[0] != (peer{name: "a", addr: "127.0.0.1:6379"}) || s.peers[1] != (peer{name: "b", addr: "[::1]:1"}) {
		t.Errorf("peers %v", s.peers)
	}
	if strings.Join(s.extra, " ") != "--read-consistency quorum" {
		t.Errorf("extra arguments %q", s.extra)
	}
	if s, err = parseSettings(paths, io.Discard); err != nil || len(s.workloads) != len(allWorkloads()) || s.scale != 1 {
		t.Errorf("without flags: %+v, %v", s, err)
	}
	if s, err = parseSettings(append(paths, "-redis", "none"), io.Discard); err != nil || s.redis != "" {
		t.Errorf("without redis: %+v, %v", s, err)
	}
}

func TestModes(t *testing.T) {
	paths := programs(t)
	for _, c := range []struct {
		args, mode string
		failovers  int
		workloads  string
	}{
		{"", "throughput", 3, "set50"},
		{"-failover 7", "failover", 7, "set50"},
		{"-what failover", "failover", 3, "set50"},
		{"-what failover -n 2.2", "failover", 7, "set50"},
		{"-what failover -n 0.01", "failover", 1, "set50"},
		{"-what failover -failover 20", "failover", 20, "set50"},
		{"-what groups", "groups", 3, "set200"},
		{"-what groups -only get50", "groups", 3, "get50"},
		{"-what latency -n 50", "latency", 150, "set50"},
	} {
		s, err := parseSettings(append(paths[:len(paths):len(paths)], strings.Fields(c.args)...), io.Discard)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if s.mode.name != c.mode || s.failovers != c.failovers || s.workloads[0].id != c.workloads {
			t.Errorf("%s: mode %s, %d failovers, workloads %v", c.args, s.mode.name, s.failovers, s.workloads)
		}
	}
}

// TestRedisMayBeMissing: failovers are measured of Redoubt alone where nobody has asked for a redis-server that is not there.
func TestRedisMayBeMissing(t *testing.T) {
	paths := programs(t)
	t.Setenv("PATH", t.TempDir())
	redoubt := paths[:2]
	s, err := parseSettings(append(redoubt[:2:2], "-failover", "1"), io.Discard)
	if err != nil || s.redis != "" {
		t.Errorf("redis %q, %v", s.redis, err)
	}
	for _, more := range [][]string{{"-failover", "1", "-redis", "redis-server"}, {"-what", "memory"}} {
		if _, err := parseSettings(append(redoubt[:2:2], more...), io.Discard); err == nil || !strings.Contains(err.Error(), "-redis") {
			t.Errorf("%v: error %v", more, err)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	paths := programs(t)
	for _, c := range []struct{ args, says string }{
		{"-n 0", "-n 0"},
		{"-n -1", "-n -1"},
		{"-n NaN", "-n NaN"},
		{"-n +Inf", "-n +Inf"},
		{"-n x", "invalid value"},
		{"-rounds 0", "-rounds 0"},
		{"-rounds 101", "-rounds 101"},
		{"-failover -1", "-failover -1"},
		{"-failover 1 -only set1", "-only has no meaning"},
		{"-failover 1 -peer a=h:1", "-peer has no meaning"},
		{"-only set2", "set2"},
		{"-only set1,", `""`},
		{"-only set1,set1", "twice"},
		{"-peer a", "name=host:port"},
		{"-peer =h:1", "name=host:port"},
		{"-peer a=h", "missing port"},
		{"-peer a=:1", "host:port"},
		{"-peer a=h:0", "host:port"},
		{"-peer a=h:65536", "host:port"},
		{"-peer a=h:x", "host:port"},
		{"-peer a=h:1 -peer a=h:2", "two peers"},
		{"-peer Redoubt=h:1", "taken"},
		{"-peer redis-server=h:1", "taken"},
		{"-redis /nonexistent/redis", "-redis"},
		{"-redoubt /nonexistent/redoubt", "-redoubt"},
		{"-benchmark /nonexistent/benchmark", "-benchmark"},
		{"-redoubt none -redis none", "nothing to measure"},
		{"-redoubt none -failover 1", "-what failover needs"},
		{"-failover 0", "-failover 0"},
		{"-failover 1 -n 2", "-failover and -n"},
		{"-failover 1 -what cluster", "-failover has no meaning with -what cluster"},
		{"-what speed", "-what: there is no \"speed\""},
		{"-what memory -n 101", "up to 100"},
		{"-what memory -rounds 2", "-rounds has no meaning with -what memory"},
		{"-what cluster -peer a=h:1", "-peer has no meaning"},
		{"-what reads -only set1", "-only has no meaning"},
		{"-what reads -redoubt none", "-what reads needs"},
		{"-what failover -redis /nonexistent/redis", "-redis"},
		{"-benchmark none", "needs a redis-benchmark"},
		{"-whatever", "not defined"},
	} {
		_, err := parseSettings(append(paths[:len(paths):len(paths)], strings.Fields(c.args)...), io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, want one with %q", c.args, err, c.says)
		}
	}
	if _, err := parseSettings([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestWorkloadArgs(t *testing.T) {
	w := workload{"x", "X", "set", 50, 16, 1000}
	for _, c := range []struct {
		scale   float64
		masters int
		keys    int
		want    string
	}{
		{1, 0, 0, "-h ::1 -p 7000 --csv -t set -c 50 -P 16 -n 1000 -d 32 -r 100000"},
		{2.5, 0, 0, "-h ::1 -p 7000 --csv -t set -c 50 -P 16 -n 2500 -d 32 -r 100000"},
		{0.0001, 0, 0, "-h ::1 -p 7000 --csv -t set -c 50 -P 16 -n 800 -d 32 -r 100000"}, // each client sends once at least
		{1, 4, 0, "-h ::1 -p 7000 --csv -t set -c 50 -P 16 -n 1000 -d 32 -r 25000 --cluster"},
		{1, 0, 7, "-h ::1 -p 7000 --csv -t set -c 50 -P 16 -n 1000 -d 32 -r 7"},
	} {
		args, err := w.args(peer{addr: "[::1]:7000", masters: c.masters, keys: c.keys}, c.scale)
		if got := strings.Join(args, " "); err != nil || got != c.want {
			t.Errorf("scale %v: %q, %v, want %q", c.scale, got, err, c.want)
		}
	}
	if _, err := w.args(peer{addr: "nowhere"}, 1); err == nil {
		t.Error("an address without port was taken")
	}
}
