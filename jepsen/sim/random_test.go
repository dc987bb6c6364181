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

// run is one schedule that is played.
type run struct {
	s       *Schedule
	again   string // the command that plays it again
	logs    *logBuffer
	clock   atomic.Int64 // virtual time
	n       *Nemesis
	load    *Load
	traffic *Traffic
	sum     *totals
}

// play plays a schedule, checks everything, and adds up what passed.
func play(t *testing.T, s *Schedule, again string, sum *totals) {
	t.Helper()
	r := &run{s: s, again: again, logs: &logBuffer{}, sum: sum}
	sum.faults = s.faults()
	unwatch := watch(&r.clock, func() {
		panic(fmt.Sprintf("seed %d does not come to an end:\n%s\n%s", s.Seed, s, r.n.Diary()))
	})
	defer func() { // a bubble that fails ends this goroutine
		if p := recover(); p != nil { // a deadlock, or goroutines that nobody ends
			t.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		unwatch()
		r.checkHistory(t)
		r.report(t)
	}()
	synctest.Test(t, r.play)
}

// play is what happens in virtual time.
func (r *run) play(t *testing.T) {
	began := time.Now()
	defer func() { r.sum.virtual = time.Since(began) }()
	defer tick(&r.clock)()
	c := New(r.s.Hosts, r.logs, r.s.Args...)
	c.reseed(r.s.Seed)
	defer c.Close()
	if err := c.Form(r.s.Masters); err != nil {
		t.Fatalf("the cluster could not be formed: %v", err)
	}
	if err := c.addSpares(r.s.Spares); err != nil {
		t.Fatal(err)
	}
	r.n = NewNemesis(c, r.s)
	defer r.n.commands.Wait()
	r.load = StartLoad(c, 2, r.s.Seed)
	r.traffic = StartTraffic(c, 6, r.s.Hosts, r.s.Seed)
	r.n.Play()
	r.n.Heal()
	r.checkService(t, c)
	r.n.pass(time.Now().Add(time.Second))
	r.n.commands.Wait()
	r.n.forgetReset(serviceLimit)
	if err := c.SettleAround(settleLimit); err != nil {
		r.wrong(t, "%v", err)
	}
	r.n.supervise()
	r.load.Stop()
	r.traffic.Stop()
	r.checkAccounts(t, c)
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
		c.addHost(len(c.hosts), c.hosts[0].args)
		if err := c.Start(len(c.hosts) - 1); err != nil {
			return err
		}
	}
	return nil
}

// checkService sees that every group takes writes again soon after everything healed.
func (r *run) checkService(t *testing.T, c *Cluster) {
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
			r.wrong(t, "no service for %s within %v after everything healed: %v", key, serviceLimit, last.Err)
		}
	}
}

// checkAccounts compares what was acknowledged with what is there.
func (r *run) checkAccounts(t *testing.T, c *Cluster) {
	t.Helper()
	a := r.load.Check()
	for _, w := range a.Wrong[:min(10, len(a.Wrong))] {
		r.wrong(t, "%s", w)
	}
	for _, key := range r.traffic.ReadBack() {
		r.wrong(t, "%s cannot be read at the end", key)
	}
	for _, w := range r.traffic.Sets.Wrong() {
		r.wrong(t, "%s", w)
	}
	for _, w := range r.n.Wrong() {
		r.wrong(t, "%s", w)
	}
	verify(t, c)
	t.Logf("%v; hot keys: %v", a, r.traffic.Counts())
	if a.Acked == 0 {
		t.Error("nothing was acknowledged: the test shows nothing")
	}
	done, failed, unknown := r.traffic.counts()
	r.sum.add(totals{operations: a.Acked + done, unknown: a.Unknown + unknown, refused: a.Attempted - a.Acked - a.Unknown + failed})
}

// checkHistory looks for registers that are not linearizable, outside virtual time.
func (r *run) checkHistory(t *testing.T) {
	t.Helper()
	if r.traffic == nil {
		return
	}
	for _, w := range CheckRegisters(r.traffic.History.Ops(), checkBudget) {
		r.wrong(t, "%s", w)
	}
}

// wrong fails the test, and says so in the diary too: whoever waits for a long campaign
// to end can read it in the file of SIM_LOG.
func (r *run) wrong(t *testing.T, format string, a ...any) {
	t.Helper()
	t.Errorf(format, a...)
	r.n.note("WRONG: "+format, a...)
}

// report tells how to play a failed schedule again.
func (r *run) report(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	diary := r.n.Diary()
	t.Logf("to play this schedule again:\n  %s\n"+
		"(how goroutines interleave is not decided by the seed: -count=20 if it does not fail at once)\n"+
		"the schedule, which SIM_SCHEDULE=file plays:\n%v\nwhat was done:\n%s", r.again, r.s, diary)
	if path := os.Getenv("SIM_LOG"); path != "" {
		path = fmt.Sprintf("%s.%d", path, r.s.Seed)
		_ = os.WriteFile(path, append([]byte(r.s.String()+"\n"+diary+"\n\n"), r.logs.b.Bytes()...), 0o644)
	} else {
		t.Logf("the end of the nodes' logs (SIM_LOG=file keeps all of them):\n%s", r.logs.tail())
	}
}

// TestKnownSchedules plays schedules that have found something and have no shorter test: they are what guards it.
//
//	79   a witness that the map had replaced was not started again, although its group still needed its vote (5 runs of 16)
func TestKnownSchedules(t *testing.T) {
	for _, seed := range []uint64{79} {
		for range 2 {
			var sum totals
			s := RandomSchedule(seed, 0)
			play(t, s, fmt.Sprintf("SIM_SEED=%d SIM_RUNS=1 go test -count=1 -run TestRandomSchedules ./jepsen/sim", seed), &sum)
		}
	}
}
