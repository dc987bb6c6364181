package main

import (
	"log/slog"
	"os"
	"syscall"
	"testing"
	"time"
)

// The first signal asks to stop, the second one cuts the hand-over short; SIGHUP means nothing.
func TestSignals(t *testing.T) {
	send := func(s syscall.Signal) {
		t.Helper()
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
	}
	s := newSignals(slog.New(slog.DiscardHandler))
	defer s.close()
	send(syscall.SIGHUP) // would end this process
	first, cut := s.started(), make(chan struct{})
	for _, step := range []struct {
		signal syscall.Signal
		wait   func() bool
	}{
		{syscall.SIGTERM, func() bool {
			select {
			case got := <-first:
				s.hurry(func() { close(cut) })
				return got == syscall.SIGTERM
			case <-time.After(10 * time.Second):
				return false
			}
		}},
		{syscall.SIGINT, func() bool {
			select {
			case <-cut:
				return true
			case <-time.After(10 * time.Second):
				return false
			}
		}},
	} {
		send(step.signal)
		if !step.wait() {
			t.Fatalf("%v has no effect", step.signal)
		}
	}
}
