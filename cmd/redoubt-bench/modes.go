package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// bench is one run of this program: what was asked for, and where everything goes.
type bench struct {
	*settings
	fleet    *fleet
	out      io.Writer // gets the results
	progress io.Writer // gets what goes on meanwhile
}

// note tells what goes on.
func (b *bench) note(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// print writes a result.
func (b *bench) print(text string) error {
	_, err := io.WriteString(b.out, text)
	return err
}

// mode is one thing that this program measures.
type mode struct {
	name         string
	summary      string
	flags        []string // flags that only some modes have a use for, and this one has
	benchmark    bool     // redis-benchmark makes its load
	needsRedoubt bool     // without Redoubt there is nothing to measure
	mayLackRedis bool     // a redis-server that is not there is left out, unless it was asked for
	maxScale     float64
	run          func(context.Context, *bench) error
}

// special are the flags that not every mode has a use for.
func special() []string { return []string{"only", "rounds", "peer", "failover"} }

// modes are in the order of the usage text; the first is the default.
func modes() []mode {
	const most = 1000
	return []mode{
		{
			name: "throughput", summary: "requests a second of a master with two replicas",
			flags: []string{"only", "rounds", "peer"}, benchmark: true, maxScale: most, run: measureThroughput,
		},
		{
			name: "cluster", summary: "the same of three masters with a replica each",
			flags: []string{"only", "rounds"}, benchmark: true, maxScale: most, run: measureCluster,
		},
		{
			name: "failover", summary: "how long writes stop when a master goes, and whether acknowledged ones are lost",
			flags: []string{"failover"}, needsRedoubt: true, mayLackRedis: true, maxScale: 100, run: measureFailovers,
		},
		{
			name: "latency", summary: "latency at half of the peak rate, without and with a snapshot going on",
			benchmark: true, maxScale: 50, run: measureLatency,
		},
		{name: "memory", summary: "resident bytes a key", maxScale: 100, run: measureMemory},
		{name: "restart", summary: "time until keys are served again, from the log and from a snapshot", maxScale: 3, run: measureRestart},
		{
			name: "cpu", summary: "CPU seconds for a million requests, on masters and on replicas",
			flags: []string{"only", "rounds"}, benchmark: true, maxScale: most, run: measureCPU,
		},
		{
			name: "groups", summary: "throughput and CPU from one to eight groups on this machine",
			flags: []string{"only"}, benchmark: true, needsRedoubt: true, maxScale: most, run: measureGroups,
		},
		{
			name: "reads", summary: "throughput and latency of GET with each kind of consistency",
			needsRedoubt: true, maxScale: 100, run: measureReads,
		},
	}
}

func modeNames() string {
	var names []string
	for _, m := range modes() {
		names = append(names, m.name)
	}
	return strings.Join(names, ", ")
}

func findMode(name string) (mode, error) {
	all := modes()
	i := slices.IndexFunc(all, func(m mode) bool { return m.name == name })
	if i < 0 {
		return mode{}, fmt.Errorf("-what: there is no %q; there are %s", name, modeNames())
	}
	return all[i], nil
}

// refuse tells of a flag that was given but has no meaning in this mode.
func (m mode) refuse(given []string) error {
	for _, name := range given {
		if slices.Contains(special(), name) && !slices.Contains(m.flags, name) {
			return fmt.Errorf("-%s has no meaning with -what %s", name, m.name)
		}
	}
	return nil
}
