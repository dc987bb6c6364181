package main

import (
	"testing"
	"time"
)

func TestEvent(t *testing.T) {
	began := time.Now()
	at := func(ms int) time.Time { return began.Add(time.Duration(ms) * time.Millisecond) }
	e := &event{old: "old", began: began, last: began, taken: make(chan struct{})}
	taken := func() bool {
		select {
		case <-e.taken:
			return true
		default:
			return false
		}
	}
	e.note("old", at(1), at(5))  // the old master still answers
	e.note("new", at(-1), at(7)) // sent before the event
	if taken() {
		t.Fatal("taken over before another node acknowledged a later write")
	}
	e.note("new", at(20), at(40))
	if !taken() || e.first != 40*time.Millisecond {
		t.Errorf("first acknowledgement after %v", e.first)
	}
	e.note("new", at(41), at(42))
	if e.first != 40*time.Millisecond || e.longest != 33*time.Millisecond {
		t.Errorf("first acknowledgement after %v, longest pause %v", e.first, e.longest)
	}
}
