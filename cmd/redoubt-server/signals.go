package main

import (
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// signals are SIGTERM and SIGINT, which mean something else at each stage of a process's life.
//
// While it starts, one of them ends it at once, as a crash would: nothing has been promised to
// anybody, and to start may take long. Later the first one lets it hand over and stop, and the
// second one lets it stop without handing over. The third is left to the system, which kills.
type signals struct {
	log    *slog.Logger
	in     chan os.Signal
	ready  chan struct{} // closed when the start is over
	closed chan struct{}
	wg     sync.WaitGroup
}

func newSignals(log *slog.Logger) *signals {
	s := &signals{log: log, in: make(chan os.Signal, 1), ready: make(chan struct{}), closed: make(chan struct{})}
	signal.Ignore(syscall.SIGHUP)
	signal.Notify(s.in, syscall.SIGTERM, syscall.SIGINT)
	s.wg.Go(s.whileStarting)
	return s
}

func (s *signals) whileStarting() {
	select {
	case got := <-s.in:
		s.log.Info("stopped before the start was over", "signal", got.String())
		os.Exit(0)
	case <-s.ready:
	case <-s.closed:
	}
}

// started ends the first stage and returns the channel of the second one.
func (s *signals) started() <-chan os.Signal {
	close(s.ready)
	s.wg.Wait()
	return s.in
}

// hurry calls cut at the next signal and leaves further ones to the system.
func (s *signals) hurry(cut func()) {
	s.wg.Go(func() {
		select {
		case got := <-s.in:
			s.log.Warn("stopping without handing over", "signal", got.String())
			signal.Reset(syscall.SIGTERM, syscall.SIGINT)
			cut()
		case <-s.closed:
		}
	})
}

// close ends what waits for signals.
func (s *signals) close() {
	signal.Stop(s.in)
	close(s.closed)
	s.wg.Wait()
}
