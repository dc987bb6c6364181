package main

import (
	"bytes"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"syscall"
	"time"
)

// On how many processors goroutines run (docs/adr/0020). A request passes a dozen goroutines on its way through a
// node. On one processor each is the next to run there; with a second one that has nothing to do the runtime wakes a
// thread for each, which finds nothing, or takes the goroutine to a processor where all it needs has to follow. So a
// node runs on one as long as one is enough, and on up to as many as there are when it is not.
const (
	procsEvery = 50 * time.Millisecond
	// procsCalm is how long fewer must have been enough before there are fewer.
	procsCalm = 2 * time.Second
	// longWait is how long no goroutine waits to run but for one that does not let go: the runtime interrupts those
	// after 10 ms.
	longWait = 8 * time.Millisecond
)

// procsPace decides on the number of processors.
type procsPace struct {
	limit, procs int
	calm         time.Duration
}

// procsSample is what a node did in an interval.
type procsSample struct {
	used   float64 // processors it used
	idle   float64 // processors of the machine that nobody used
	waited bool    // a goroutine waited for longWait
}

// next is the number of processors after an interval.
func (p *procsPace) next(s procsSample, interval time.Duration) int {
	n, fewer := float64(p.procs), float64(p.procs-1)
	if s.waited || s.used > 0.9*n && s.idle > 0.25 {
		p.calm = 0
		p.procs = min(2*p.procs, p.limit)
		return p.procs
	}
	if s.used < 0.75*fewer || s.idle < 0.1 && s.used < 1.2*fewer { // where others need the machine, one more only means more switching
		p.calm += interval
	} else {
		p.calm = 0
	}
	if p.calm >= procsCalm {
		p.calm = 0
		p.procs = max(p.procs-1, 1)
	}
	return p.procs
}

// paceProcs keeps the number of processors fit for the load until stop. Whoever sets GOMAXPROCS has the last word.
func paceProcs(stop <-chan struct{}) {
	if os.Getenv("GOMAXPROCS") != "" {
		return
	}
	p := procsPace{limit: runtime.GOMAXPROCS(0), procs: 1}
	if p.limit == 1 {
		return
	}
	defer runtime.GOMAXPROCS(p.limit)
	runtime.GOMAXPROCS(p.procs)
	meter := newProcsMeter()
	defer meter.close()
	t := time.NewTicker(procsEvery)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-stop:
			return
		}
		before := p.procs
		s, interval := meter.sample()
		if now := p.next(s, interval); now != before {
			runtime.GOMAXPROCS(now) // stops the world for a moment
		}
	}
}

// procsMeter measures intervals.
type procsMeter struct {
	at          time.Time
	used, idle  time.Duration
	waits       uint64
	latency     []metrics.Sample
	stat        *os.File // nil: not known here
	statContent [512]byte
}

func newProcsMeter() *procsMeter {
	m := &procsMeter{latency: []metrics.Sample{{Name: "/sched/latencies:seconds"}}}
	m.stat, _ = os.Open("/proc/stat")
	m.sample()
	return m
}

func (m *procsMeter) close() { _ = m.stat.Close() } // of nil too

// sample is what happened since the last one.
func (m *procsMeter) sample() (s procsSample, interval time.Duration) {
	now, used, idle, waits := time.Now(), processorTime(), m.idleTime(), m.longWaits()
	interval = now.Sub(m.at)
	s.used = float64(used-m.used) / float64(interval)
	s.idle = float64(idle-m.idle) / float64(interval)
	if m.stat == nil {
		s.idle = 1
	}
	s.waited = waits > m.waits
	m.at, m.used, m.idle, m.waits = now, used, idle, waits
	return s, interval
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// longWaits counts the goroutines that have waited long so far.
func (m *procsMeter) longWaits() (n uint64) {
	metrics.Read(m.latency)
	h := m.latency[0].Value.Float64Histogram()
	for i, c := range h.Counts {
		if h.Buckets[i] >= longWait.Seconds() {
			n += c
		}
	}
	return n
}

// jiffy is the unit of /proc/stat.
const jiffy = 10 * time.Millisecond

// idleTime is how long the machine's processors have had nothing to do so far, all together.
func (m *procsMeter) idleTime() time.Duration {
	if m.stat == nil {
		return 0
	}
	n, _ := m.stat.ReadAt(m.statContent[:], 0)
	fields := bytes.Fields(m.statContent[:n])
	if len(fields) < 6 {
		return 0
	}
	ticks := 0
	for _, f := range fields[4:6] { // idle, and idle while a disk works
		t, _ := strconv.Atoi(string(f))
		ticks += t
	}
	return time.Duration(ticks) * jiffy
}
