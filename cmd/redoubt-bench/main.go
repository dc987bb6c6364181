// Command redoubt-bench measures Redoubt and redis-server side by side on this machine.
//
//	redoubt-bench                throughput: one group of three Redoubt nodes against a redis-server
//	                             master with two replicas, both syncing every write, driven by the
//	                             same redis-benchmark commands in turn; prints a table with ratios
//	redoubt-bench -failover 20   how long writes stop when the loaded master is killed, is told to
//	                             hand over by CLUSTER FAILOVER, and is stopped by SIGTERM
//	redoubt-bench -what latency  and so on: see modes.go, or -h
//
// Its job: to start what it measures on free ports of the loopback interface, to drive it, to print, and to
// leave nothing behind: every process it started ends with it. Not its job: to judge correctness beyond
// noticing that an acknowledged write is gone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "redoubt-bench:", err)
		os.Exit(1)
	}
}

// run is the whole program; out gets the results, progress what goes on meanwhile.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	s, err := parseSettings(args, progress)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.dir, "redoubt-bench-")
	if err != nil {
		return fmt.Errorf("making a directory for the data: %w", err)
	}
	f := &fleet{dir: dir}
	defer func() {
		f.killAll()
		_ = os.RemoveAll(dir)
	}()
	err = s.mode.run(ctx, &bench{settings: s, fleet: f, out: out, progress: progress})
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	return err
}
