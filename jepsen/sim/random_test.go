package sim

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	// serviceLimit is how long after everything healed service may take to come back.
	serviceLimit = 10 * time.Second
	// settleLimit is how long all repairs may take then.
	settleLimit = time.Minute
	// stillLimit is how much real time may pass while virtual time stands still: goroutines
	// may spin.
	stillLimit = 5 * time.Minute
	// checkBudget is how much real time the checker may take for one key.
	checkBudget = 2 * time.Minute
)

// play plays a schedule and checks everything; it returns what passed.
func play(t *testing.T, s *Schedule, again string) (sum totals) {
	t.Helper()
	sum.faults = s.faults()
	logs := &logBuffer{}
	var n *Nemesis
	var traffic *Traffic
	defer func() {
		if p := recover(); p != nil { // a deadlock, or goroutines that nobody ends
			t.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		report(t, s, again, n, logs)
	}()
	var clock atomic.Int64 // virtual time
	unwatch := watch(&clock, func() {
		panic(fmt.Sprintf("seed %d does not come to an end:\n%s\n%s", s.Seed, s, n.Diary()))
	})
	defer unwatch()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		defer func() { sum.virtual = time.Since(began) }()
		defer tick(&clock)()
		c := New(s.Hosts, logs, s.Args...)
		defer c.Close()
		if err := c.Form(s.Masters); err != nil {
			t.Fatalf("the cluster could not be formed: %v", err)
		}
		if err := c.addSpares(s.Spares); err != nil {
			t.Fatal(err)
		}
		n = NewNemesis(c, s)
		defer n.commands.Wait()
		load := StartLoad(c, 2, s.Seed)
		traffic = StartTraffic(c, 6, s.Hosts, s.Seed)
		n.Play()
		n.Heal()
		checkService(t, c)
		n.pass(time.Now().Add(time.Second))
		n.commands.Wait()
		if err := c.SettleAround(settleLimit); err != nil {
			t.Error(err)
		}
		n.supervise()
		load.Stop()
		traffic.Stop()
		sum.add(checkAccounts(t, c, n, load, traffic))
	})
	unwatch()
	if traffic != nil {
		for _, w := range CheckRegisters(traffic.History.Ops(), checkBudget) {
			t.Error(w)
		}
	}
	return sum
}

// tick shows virtual time to the real one.
func tick(clock *atomic.Int64) (stop func()) {
	t := time.NewTicker(time.Second)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-t.C:
				clock.Add(1)
			case <-done:
				return
			}
		}
	}()
	return func() { t.Stop(); close(done) }
}

// watch calls stuck when a clock stands still for stillLimit of real time.
func watch(clock *atomic.Int64, stuck func()) (stop func()) {
	done := make(chan struct{})
	go func() {
		for last := int64(-1); ; {
			select {
			case <-done:
				return
			case <-time.After(stillLimit):
			}
			now := clock.Load()
			if now == last {
				_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
				stuck()
			}
			last = now
		}
	}()
	return sync.OnceFunc(func() { close(done) })
}

// addSpares starts hosts that are not in the cluster.
func (c *Cluster) addSpares(n int) error {
	for range n {
		c.hosts = append(c.hosts, newHost(len(c.hosts), c.hosts[0].args))
		if err := c.Start(len(c.hosts) - 1); err != nil {
			return err
		}
	}
	return nil
}

// checkService sees that every group takes writes again soon after everything healed.
func checkService(t *testing.T, c *Cluster) {
	t.Helper()
	began := time.Now()
	conn := client.NewCluster(c.Dial, c.Addrs(), 2*time.Second)
	defer conn.Close()
	for _, key := range c.serviceKeys() {
		var last client.Reply
		if !Until(serviceLimit-time.Since(began), func() bool {
			last = conn.Do(context.Background(), "SET", key, "x")
			return last.Outcome == client.Done
		}) {
			t.Errorf("no service for %s within %v after everything healed: %v", key, serviceLimit, last.Err)
		}
	}
}

// checkAccounts compares what was acknowledged with what is there.
func checkAccounts(t *testing.T, c *Cluster, n *Nemesis, load *Load, traffic *Traffic) totals {
	t.Helper()
	a := load.Check()
	for _, w := range a.Wrong[:min(10, len(a.Wrong))] {
		t.Error(w)
	}
	for _, key := range traffic.ReadBack() {
		t.Errorf("%s cannot be read at the end", key)
	}
	for _, w := range traffic.Sets.Wrong() {
		t.Error(w)
	}
	for _, w := range n.Wrong() {
		t.Error(w)
	}
	verify(t, c)
	t.Logf("%v; hot keys: %v", a, traffic.Counts())
	if a.Acked == 0 {
		t.Error("nothing was acknowledged: the test shows nothing")
	}
	done, failed, unknown := traffic.counts()
	return totals{operations: a.Acked + done, unknown: a.Unknown + unknown, refused: a.Attempted - a.Acked - a.Unknown + failed}
}

// report tells how to play a failed schedule again.
func report(t *testing.T, s *Schedule, again string, n *Nemesis, logs *logBuffer) {
	t.Helper()
	if !t.Failed() {
		return
	}
	diary := n.Diary()
	t.Logf("to play this schedule again:\n  %s\n"+
		"(how goroutines interleave is not decided by the seed: -count=20 if it does not fail at once)\n"+
		"the schedule, which SIM_SCHEDULE=file plays:\n%v\nwhat was done:\n%s", again, s, diary)
	if path := os.Getenv("SIM_LOG"); path != "" {
		path = fmt.Sprintf("%s.%d", path, s.Seed)
		_ = os.WriteFile(path, append([]byte(s.String()+"\n"+diary+"\n\n"), logs.b.Bytes()...), 0o644)
	} else {
		t.Logf("the end of the nodes' logs (SIM_LOG=file keeps all of them):\n%s", logs.tail())
	}
}
