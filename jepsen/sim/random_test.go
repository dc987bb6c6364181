package sim

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

const (
	// defaultRuns is how many seeds a plain go test plays.
	defaultRuns = 4
	// defaultLength is how long faults go on, in seconds of virtual time.
	defaultLength = 25
	// serviceLimit is how long after everything healed service may take to come back.
	serviceLimit = 10 * time.Second
	// settleLimit is how long all repairs may take then.
	settleLimit = time.Minute
	// playLimit is how much real time one schedule may take: virtual time may stand still
	// while goroutines spin.
	playLimit = 3 * time.Minute
	// checkBudget is how much real time the checker may take for one key.
	checkBudget = 20 * time.Second
)

// Random schedules of faults, a new one for each seed. The environment chooses:
//
//	SIM_SEED      the first seed (1)
//	SIM_RUNS      how many seeds, one after the other
//	SIM_HOURS     go on with the next seed for so long, in real time
//	SIM_LENGTH    seconds of virtual time with faults (25)
//	SIM_SCHEDULE  a file with the text of one schedule, to be played instead
//	SIM_LOG       a file for the schedule and the nodes' logs of runs that fail; the seed is appended to its name
func TestRandomSchedules(t *testing.T) {
	length := time.Duration(number(t, "SIM_LENGTH", defaultLength)) * time.Second
	if path := os.Getenv("SIM_SCHEDULE"); path != "" {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseSchedule(string(text))
		if err != nil {
			t.Fatal(err)
		}
		playAll(t, "schedule", func() *Schedule { return s }, number(t, "SIM_RUNS", 1))
		return
	}
	first := number(t, "SIM_SEED", 1)
	runs := number(t, "SIM_RUNS", defaultRuns)
	end := time.Now().Add(time.Duration(number(t, "SIM_HOURS", 0) * float64(time.Hour)))
	var total time.Duration
	for i := 0.0; i < runs || time.Now().Before(end); i++ {
		s := RandomSchedule(uint64(first+i), length)
		t.Run(fmt.Sprintf("seed=%d", s.Seed), func(t *testing.T) { total += play(t, s, length) })
		if os.Getenv("SIM_RUNS")+os.Getenv("SIM_HOURS") != "" {
			fmt.Fprintf(os.Stderr, "%v seed %d: %v of virtual time so far\n", time.Now().Format(time.TimeOnly), s.Seed, total)
		}
	}
}

func playAll(t *testing.T, name string, next func() *Schedule, runs float64) {
	for range int(runs) {
		t.Run(name, func(t *testing.T) { play(t, next(), 0) })
	}
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise float64) float64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return f
}

// play plays a schedule and checks everything; it returns the virtual time that passed.
func play(t *testing.T, s *Schedule, length time.Duration) (took time.Duration) {
	t.Helper()
	logs := &logBuffer{}
	var n *Nemesis
	var traffic *Traffic
	defer func() {
		if p := recover(); p != nil { // a deadlock, or goroutines that nobody ends
			t.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		report(t, s, length, n, logs)
	}()
	watchdog := time.AfterFunc(playLimit, func() { // outside the bubble: real time
		_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 2)
		panic(fmt.Sprintf("seed %d does not come to an end:\n%s\n%s", s.Seed, s, n.Diary()))
	})
	defer watchdog.Stop()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		defer func() { took = time.Since(began) }()
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
		checkAccounts(t, c, n, load, traffic)
	})
	if traffic != nil && !t.Skipped() {
		for _, w := range CheckRegisters(traffic.History.Ops(), checkBudget) {
			t.Error(w)
		}
	}
	return took
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
func checkAccounts(t *testing.T, c *Cluster, n *Nemesis, load *Load, traffic *Traffic) {
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
}

// report tells how to play a failed schedule again.
func report(t *testing.T, s *Schedule, length time.Duration, n *Nemesis, logs *logBuffer) {
	t.Helper()
	if !t.Failed() {
		return
	}
	diary := n.Diary()
	t.Logf("to play this schedule again:\n  SIM_SEED=%d SIM_RUNS=1 SIM_LENGTH=%v SIM_LOG=/tmp/sim.log go test -count=1 -run TestRandomSchedules ./jepsen/sim\n"+
		"(how goroutines interleave is not decided by the seed: -count=20 if it does not fail at once)\n"+
		"the schedule, which SIM_SCHEDULE=file plays:\n%v\nwhat was done:\n%s", s.Seed, length.Seconds(), s, diary)
	if path := os.Getenv("SIM_LOG"); path != "" {
		path = fmt.Sprintf("%s.%d", path, s.Seed)
		_ = os.WriteFile(path, append([]byte(s.String()+"\n"+diary+"\n\n"), logs.b.Bytes()...), 0o644)
	} else {
		t.Logf("the end of the nodes' logs (SIM_LOG=file keeps all of them):\n%s", logs.tail())
	}
}
