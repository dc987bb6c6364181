// Command redoubt-cluster starts and stops a local Redoubt cluster: masters with
// replicas on consecutive ports of this machine, formed by speaking CLUSTER commands.
//
//	redoubt-cluster up       start what does not run, form the cluster once, wait until it is ok
//	redoubt-cluster status   show the nodes
//	redoubt-cluster down     stop the nodes; their data stay
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// settings is the command line.
type settings struct {
	dir      string
	server   string
	base     int
	masters  int
	replicas int
	wait     time.Duration
	extra    []string // further arguments for each node
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "redoubt-cluster:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("one of up, down, status is needed")
	}
	s, err := parse(args[0], args[1:])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.wait)
	defer cancel()
	switch args[0] {
	case "up":
		return up(ctx, s)
	case "down":
		return down(ctx, s)
	case "status":
		return status(s)
	}
	return fmt.Errorf("unknown command %q: one of up, down, status is needed", args[0])
}

func parse(command string, args []string) (*settings, error) {
	s := &settings{}
	f := flag.NewFlagSet(command, flag.ContinueOnError)
	f.StringVar(&s.dir, "dir", "redoubt", "directory for the nodes' data, logs and pid files")
	f.StringVar(&s.server, "server", "", "path of redoubt-server (default: beside this program)")
	f.IntVar(&s.base, "port", 7000, "client port of the first node")
	f.IntVar(&s.masters, "masters", 3, "number of masters")
	f.IntVar(&s.replicas, "replicas", 1, "replicas of each master")
	f.DurationVar(&s.wait, "wait", time.Minute, "how long to wait for the cluster")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	s.extra = f.Args()
	switch {
	case s.masters < 1 || s.replicas < 0:
		return nil, fmt.Errorf("at least one master is needed")
	case s.base < 1 || s.base+s.count()+10000 > 65535:
		return nil, fmt.Errorf("ports %d to %d and their bus ports (+10000) do not exist", s.base, s.base+s.count()-1)
	}
	if s.server == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("finding redoubt-server: %w", err)
		}
		s.server = filepath.Join(filepath.Dir(self), "redoubt-server")
	}
	dir, err := filepath.Abs(s.dir)
	if err != nil {
		return nil, err
	}
	s.dir = dir
	return s, nil
}

func (s *settings) count() int     { return s.masters * (1 + s.replicas) }
func (s *settings) port(i int) int { return s.base + i }
func (s *settings) file(i int, ext string) string {
	return filepath.Join(s.dir, fmt.Sprintf("node-%d%s", s.port(i), ext))
}
