package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// What all workloads have in common.
const (
	keys       = 100_000
	valueBytes = 32
)

// workload is one column of the table.
type workload struct {
	id       string // as -only names it
	title    string
	command  string
	clients  int
	pipeline int
	requests int // at scale 1
}

// allWorkloads are the columns in order. Their numbers of requests make each measurement take two to three
// seconds where redis-server serves 70,000 writes a second.
func allWorkloads() []workload {
	return []workload{
		{"set50", "SET 50 conn.", "set", 50, 1, 120_000},
		{"set200", "SET 200 conn.", "set", 200, 1, 120_000},
		{"set1", "SET 1 conn.", "set", 1, 1, 6_000},
		{"set50p16", "SET 50 conn., pipeline 16", "set", 50, 16, 600_000},
		{"get50", "GET 50 conn.", "get", 50, 1, 200_000},
		{"get50p16", "GET 50 conn., pipeline 16", "get", 50, 16, 1_600_000},
	}
}

func workloadIDs() string {
	var ids []string
	for _, w := range allWorkloads() {
		ids = append(ids, w.id)
	}
	return strings.Join(ids, ",")
}

// groupWorkloads are what -what groups runs unless it is told otherwise.
const groupWorkloads = "set200,get50"

// chooseWorkloads picks those that a comma-separated list names, in the list's order; "" is all of them.
func chooseWorkloads(list string) ([]workload, error) {
	all := allWorkloads()
	if list == "" {
		return all, nil
	}
	var chosen []workload
	for id := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(all, func(w workload) bool { return w.id == id })
		if i < 0 {
			return nil, fmt.Errorf("-only: no workload %q; there are %s", id, workloadIDs())
		}
		if slices.Contains(chosen, all[i]) {
			return nil, fmt.Errorf("-only: %s stands there twice", id)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// count is how many requests are made; each client sends once at least.
func (w workload) count(scale float64) int {
	return max(w.clients*w.pipeline, int(float64(w.requests)*scale))
}

// args is the command line of redis-benchmark. In a cluster it uses one slot of each master, and so many keys
// in each.
func (w workload) args(p peer, scale float64) ([]string, error) {
	host, port, err := net.SplitHostPort(p.addr)
	if err != nil {
		return nil, err
	}
	args := []string{
		"-h", host, "-p", port, "--csv", "-t", w.command,
		"-c", strconv.Itoa(w.clients), "-P", strconv.Itoa(w.pipeline), "-n", strconv.Itoa(w.count(scale)),
		"-d", strconv.Itoa(valueBytes), "-r", strconv.Itoa(cmp.Or(p.keys, keys) / max(1, p.masters)),
	}
	if p.masters > 0 {
		args = append(args, "--cluster")
	}
	return args, nil
}
