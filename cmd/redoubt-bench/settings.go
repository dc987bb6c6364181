package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings is the command line.
type settings struct {
	mode      mode
	scale     float64
	rounds    int
	failovers int
	workloads []workload
	peers     []peer   // that run already
	extra     []string // further arguments for each Redoubt node
	dir       string
	server    string // paths of programs, "" for none
	redis     string
	benchmark string
}

// Limits of what may be asked for.
const (
	maxRounds    = 100
	maxFailovers = 1000
)

// defaultFailovers are measured of each kind at scale 1.
const defaultFailovers = 3

// parseSettings reads and checks the command line, and finds the programs.
func parseSettings(args []string, out io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("redoubt-bench", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() { usage(f, out) }
	what := f.String("what", "", "what to measure, see above (default throughput)")
	f.Float64Var(&s.scale, "n", 1, "factor for the number of requests, of keys, of failovers and for durations; with 1 each mode takes two to three minutes")
	f.IntVar(&s.rounds, "rounds", 3, "how often everything is measured; the table shows medians")
	f.IntVar(&s.failovers, "failover", 0, "measure this many failovers of each kind; implies -what failover")
	only := f.String("only", "", "comma-separated workloads to run: "+workloadIDs()+" (default: all, of groups "+groupWorkloads+")")
	f.StringVar(&s.dir, "dir", ".", "where the data directory is made; on the disk that is to be measured")
	f.StringVar(&s.server, "redoubt", "", `path of redoubt-server, or "none" (default: beside this program)`)
	f.StringVar(&s.redis, "redis", "redis-server", `redis-server to compare with; "none" for none`)
	f.StringVar(&s.benchmark, "benchmark", "redis-benchmark", "redis-benchmark, which makes the load")
	f.Func("peer", "name=host:port of a server that runs already; may be repeated", s.addPeer)
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	s.extra = f.Args()
	given := flagsGiven(f)
	if err := s.choose(*what, given); err != nil {
		return nil, err
	}
	if err := s.check(*only, given); err != nil {
		return nil, err
	}
	return s, s.find(given)
}

// usage explains the command line.
func usage(f *flag.FlagSet, out io.Writer) {
	fmt.Fprint(out, "Usage: redoubt-bench [flags] [-- arguments for each redoubt-server]\n\nWhat it measures (-what):\n")
	for _, m := range modes() {
		fmt.Fprintf(out, "  %-11s %s\n", m.name, m.summary)
	}
	fmt.Fprint(out, "\nPeers are filled with the keys key:000000000000 to key:000000099999.\n\nFlags:\n")
	f.PrintDefaults()
}

func flagsGiven(f *flag.FlagSet) (names []string) {
	f.Visit(func(f *flag.Flag) { names = append(names, f.Name) })
	return names
}

// choose finds the mode.
func (s *settings) choose(what string, given []string) (err error) {
	switch {
	case what != "":
	case slices.Contains(given, "failover"):
		what = "failover"
	default:
		what = modes()[0].name
	}
	if s.mode, err = findMode(what); err != nil {
		return err
	}
	return s.mode.refuse(given)
}

func (s *settings) check(only string, given []string) (err error) {
	counted := slices.Contains(given, "failover")
	switch {
	case !(s.scale > 0 && s.scale <= s.mode.maxScale):
		return fmt.Errorf("-n %v: -what %s needs a factor above 0 and up to %v", s.scale, s.mode.name, s.mode.maxScale)
	case s.rounds < 1 || s.rounds > maxRounds:
		return fmt.Errorf("-rounds %d: between 1 and %d are possible", s.rounds, maxRounds)
	case counted && (s.failovers < 1 || s.failovers > maxFailovers):
		return fmt.Errorf("-failover %d: between 1 and %d are possible", s.failovers, maxFailovers)
	case counted && slices.Contains(given, "n"):
		return errors.New("-failover and -n both say how many failovers there are to be")
	}
	if !counted {
		s.failovers = s.scaled(defaultFailovers, 1)
	}
	if only == "" && s.mode.name == "groups" {
		only = groupWorkloads
	}
	s.workloads, err = chooseWorkloads(only)
	return err
}

// scaled is a number of things at the scale that was asked for.
func (s *settings) scaled(number, least int) int {
	return max(least, int(math.Round(float64(number)*s.scale)))
}

// lasting is a duration at the scale that was asked for.
func (s *settings) lasting(d time.Duration) time.Duration {
	return max(leastDuration, time.Duration(float64(d)*min(s.scale, maxStretch)))
}

// Limits of how far durations are scaled: what is measured more often or with more keys needs not take for ever.
const (
	leastDuration = 200 * time.Millisecond
	maxStretch    = 10
)

// addPeer reads "name=host:port".
func (s *settings) addPeer(arg string) error {
	name, addr, ok := strings.Cut(arg, "=")
	if !ok || name == "" {
		return errors.New("name=host:port is needed")
	}
	if name == redoubtName || name == redisName {
		return fmt.Errorf("the name %s is taken", name)
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	if n, err := strconv.Atoi(port); host == "" || err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is no host:port", addr)
	}
	for _, p := range s.peers {
		if p.name == name {
			return fmt.Errorf("two peers are named %s", name)
		}
	}
	s.peers = append(s.peers, peer{name: name, addr: addr})
	return nil
}
