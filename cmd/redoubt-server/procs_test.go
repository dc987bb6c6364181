package main

import (
	"os"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

func TestProcsPace(t *testing.T) {
	calm := int(procsCalm / procsEvery)
	for _, c := range []struct {
		name   string
		from   int
		sample procsSample
		times  int
		want   int
	}{
		{"one is enough", 1, procsSample{used: 0.8, idle: 1}, 100, 1},
		{"one is not enough", 1, procsSample{used: 0.95, idle: 1}, 1, 2},
		{"nor are two", 2, procsSample{used: 1.9, idle: 3}, 1, 4},
		{"the limit", 4, procsSample{used: 4, idle: 3}, 1, 4},
		{"there is no other one free", 1, procsSample{used: 1, idle: 0.1}, 100, 1},
		{"somebody does not let go", 1, procsSample{used: 0.5, waited: true}, 1, 2},
		{"two are not too many", 2, procsSample{used: 0.9, idle: 1}, 1000, 2},
		{"nor when others need the machine", 2, procsSample{used: 1.3}, 1000, 2},
		{"a moment", 2, procsSample{used: 0.1, idle: 1.9}, calm - 1, 2},
		{"a while", 2, procsSample{used: 0.1, idle: 1.9}, calm, 1},
		{"others need the machine", 2, procsSample{used: 1}, calm, 1},
		{"one by one", 4, procsSample{used: 0.1, idle: 1}, 2*calm - 1, 3},
		{"never none", 1, procsSample{}, 1000, 1},
	} {
		p := procsPace{limit: 4, procs: c.from}
		got := c.from
		for range c.times {
			got = p.next(c.sample, procsEvery)
		}
		if got != c.want {
			t.Errorf("%s: from %d to %d, want %d", c.name, c.from, got, c.want)
		}
	}
}

// The runtime and the system know the numbers that the pace is made of.
func TestProcsMeter(t *testing.T) {
	m := newProcsMeter()
	defer m.close()
	if m.latency[0].Value.Kind() != metrics.KindFloat64Histogram {
		t.Fatalf("%s is of kind %d", m.latency[0].Name, m.latency[0].Value.Kind())
	}
	end := time.Now().Add(100 * time.Millisecond)
	for i := 0; time.Now().Before(end); i++ {
		_ = strings.Repeat("work", i%9)
	}
	s, interval := m.sample()
	if interval < 100*time.Millisecond || s.used <= 0 || s.used > float64(runtime.NumCPU())+0.5 {
		t.Errorf("a loop of %v used %v processors", interval, s.used)
	}
	if _, err := os.Stat("/proc/stat"); err != nil {
		t.Skip("this system does not tell what is idle")
	}
	before := m.idleTime()
	deadline := time.Now().Add(20 * time.Second)
	for m.idleTime() == before {
		if time.Now().After(deadline) {
			t.Skip("no processor of this machine was idle for 20 s")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
