package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// settings is the command line.
type settings struct {
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
	maxScale     = 1000
	maxRounds    = 100
	maxFailovers = 1000
)

const usage = `Usage: redoubt-bench [flags] [-- arguments for each redoubt-server]

Peers are filled with the keys key:000000000000 to key:000000099999.

Flags:
`

// parseSettings reads and checks the command line, and finds the programs.
func parseSettings(args []string, out io.Writer) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet("redoubt-bench", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		fmt.Fprint(out, usage)
		f.PrintDefaults()
	}
	f.Float64Var(&s.scale, "n", 1, "factor for the number of requests; 1 takes about two minutes")
	f.IntVar(&s.rounds, "rounds", 3, "how often everything is measured; the table shows medians")
	f.IntVar(&s.failovers, "failover", 0, "measure this many failovers of each kind instead of throughput")
	only := f.String("only", "", "comma-separated workloads to run: "+workloadIDs()+" (default: all)")
	f.StringVar(&s.dir, "dir", ".", "where the data directory is made; on the disk that is to be measured")
	f.StringVar(&s.server, "redoubt", "", `path of redoubt-server, or "none" (default: beside this program)`)
	f.StringVar(&s.redis, "redis", "redis-server", `redis-server to compare with; "none" for none`)
	f.StringVar(&s.benchmark, "benchmark", "redis-benchmark", "redis-benchmark, which makes the load")
	f.Func("peer", "name=host:port of a server that runs already; may be repeated", s.addPeer)
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	s.extra = f.Args()
	if err := s.check(*only); err != nil {
		return nil, err
	}
	return s, s.find()
}

func (s *settings) check(only string) (err error) {
	switch {
	case !(s.scale > 0 && s.scale <= maxScale):
		return fmt.Errorf("-n %v: a factor above 0 and up to %d is needed", s.scale, maxScale)
	case s.rounds < 1 || s.rounds > maxRounds:
		return fmt.Errorf("-rounds %d: between 1 and %d are possible", s.rounds, maxRounds)
	case s.failovers < 0 || s.failovers > maxFailovers:
		return fmt.Errorf("-failover %d: between 1 and %d are possible", s.failovers, maxFailovers)
	case s.failovers > 0 && (only != "" || len(s.peers) > 0):
		return errors.New("-failover measures Redoubt alone: -only and -peer have no meaning with it")
	}
	s.workloads, err = chooseWorkloads(only)
	return err
}

// find makes sure that the programs are there before anything is started.
func (s *settings) find() (err error) {
	if s.server == "" {
		self, err := os.Executable()
		if err != nil {
			return fmt.Errorf("finding redoubt-server: %w", err)
		}
		s.server = filepath.Join(filepath.Dir(self), "redoubt-server")
	}
	if s.server, err = program("-redoubt", s.server); err != nil {
		return err
	}
	if s.failovers > 0 {
		if s.server == "" {
			return errors.New("-failover needs a redoubt-server")
		}
		return nil
	}
	if s.redis, err = program("-redis", s.redis); err != nil {
		return err
	}
	if s.server == "" && s.redis == "" && len(s.peers) == 0 {
		return errors.New("without redoubt-server, redis-server and peers there is nothing to measure")
	}
	s.benchmark, err = program("-benchmark", s.benchmark)
	return err
}

// program finds a program; the path "none" means that it is not wanted.
func program(name, path string) (string, error) {
	if path == "none" {
		return "", nil
	}
	found, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w (redis-server and redis-benchmark are in Debian's redis-server and redis-tools)", name, err)
	}
	return filepath.Abs(found)
}

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
