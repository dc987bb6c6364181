package sim

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// defaultRuns is how many seeds a plain go test plays.
const defaultRuns = 8

// Random schedules of faults, a new one for each seed, as many at a time as there are
// processors. The environment chooses:
//
//	SIM_SEED      the first seed (1)
//	SIM_RUNS      how many seeds
//	SIM_VIRTUAL   go on for so many hours of virtual time
//	SIM_HOURS     go on for so many hours of real time
//	SIM_LENGTH    seconds of virtual time with faults in each (by the seed: 20 to 120)
//	SIM_PARALLEL  how many at a time
//	SIM_SCHEDULE  a file with the text of one schedule, to be played instead
//	SIM_LOG       a file for the schedule and the nodes' logs of runs that fail; the seed is appended to its name
func TestRandomSchedules(t *testing.T) {
	c := &campaign{
		t: t, began: time.Now(), next: uint64(number(t, "SIM_SEED", 1)),
		virtual: hours(number(t, "SIM_VIRTUAL", 0)), real: hours(number(t, "SIM_HOURS", 0)),
		length:  time.Duration(number(t, "SIM_LENGTH", 0)) * time.Second,
		verbose: os.Getenv("SIM_RUNS")+os.Getenv("SIM_VIRTUAL")+os.Getenv("SIM_HOURS") != "",
	}
	runs := 0.0
	if c.virtual+c.real == 0 {
		runs = defaultRuns
	}
	c.runs = int(number(t, "SIM_RUNS", runs))
	if path := os.Getenv("SIM_SCHEDULE"); path != "" {
		c.only = readSchedule(t, path)
		c.runs = int(number(t, "SIM_RUNS", 1))
	}
	var wg sync.WaitGroup
	for range int(number(t, "SIM_PARALLEL", float64(runtime.GOMAXPROCS(0)))) {
		wg.Go(c.work)
	}
	wg.Wait()
	t.Logf("%v", c.sum)
}

// campaign is many schedules, and what they come to.
type campaign struct {
	t             *testing.T
	began         time.Time
	virtual, real time.Duration // how long to go on, if not for a number of runs
	length        time.Duration
	only          *Schedule
	verbose       bool

	mu   sync.Mutex // guards what follows
	next uint64
	runs int // left
	sum  totals
}

// totals is what schedules come to.
type totals struct {
	schedules, failed            int
	virtual, large               time.Duration // large: in clusters of six nodes or more
	faults                       int
	operations, refused, unknown int
}

func (s *totals) add(o totals) {
	s.schedules += o.schedules
	s.failed += o.failed
	s.virtual += o.virtual
	s.large += o.large
	s.faults += o.faults
	s.operations += o.operations
	s.refused += o.refused
	s.unknown += o.unknown
}

func (s totals) String() string {
	return fmt.Sprintf("%.2f virtual hours (%.2f of them with six nodes or more), %d schedules, %d faults, %d operations (%d more refused, %d of unknown outcome), %d findings",
		s.virtual.Hours(), s.large.Hours(), s.schedules, s.faults, s.operations, s.refused, s.unknown, s.failed)
}

// work plays schedules until there is nothing left to do.
func (c *campaign) work() {
	for {
		seed, ok := c.take()
		if !ok {
			return
		}
		s := c.only
		if s == nil {
			s = RandomSchedule(seed, c.length)
		}
		c.play(s)
	}
}

// take gives the next seed.
func (c *campaign) take() (seed uint64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.runs <= 0 && c.sum.virtual >= c.virtual && time.Since(c.began) >= c.real {
		return 0, false
	}
	c.runs--
	c.next++
	return c.next - 1, true
}

func (c *campaign) play(s *Schedule) {
	var sum totals
	sum.schedules = 1
	ok := c.t.Run(fmt.Sprintf("seed=%d", s.Seed), func(t *testing.T) { play(t, s, c.again(s), &sum) })
	if !ok {
		sum.failed = 1
	}
	if s.Hosts+s.Spares >= 6 {
		sum.large = sum.virtual
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sum.add(sum)
	if !ok {
		fmt.Fprintf(os.Stderr, "A FINDING: %s\n", c.again(s))
	}
	if c.verbose {
		fmt.Fprintf(os.Stderr, "%v seed %d took %v: %v\n", time.Since(c.began).Round(time.Second), s.Seed, sum.virtual.Round(time.Second), c.sum)
	}
}

// again is the command that plays a schedule again.
func (c *campaign) again(s *Schedule) string {
	from := fmt.Sprintf("SIM_SEED=%d SIM_LENGTH=%v", s.Seed, c.length.Seconds())
	if c.only != nil {
		from = "SIM_SCHEDULE=" + os.Getenv("SIM_SCHEDULE")
	}
	return from + " SIM_RUNS=1 SIM_LOG=/tmp/sim.log go test -count=1 -run TestRandomSchedules ./jepsen/sim"
}

func readSchedule(t *testing.T, path string) *Schedule {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := ParseSchedule(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return s
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

func hours(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }
