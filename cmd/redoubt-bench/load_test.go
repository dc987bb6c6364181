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

func TestLostWritesAreCounted(t *testing.T) {
	l := &load{}
	ack := func(numbers ...int) {
		for _, n := range numbers {
			l.acknowledged(3, n, "node", time.Now())
		}
	}
	check := func(lost, total int) {
		t.Helper()
		if l.lost != lost || l.total != total {
			t.Errorf("%d of %d lost, want %d of %d", l.lost, l.total, lost, total)
		}
	}
	l.found(3, 0) // nothing was written yet
	ack(1, 2, 4, 7)
	l.found(3, 7)
	check(0, 4)
	l.found(3, 9) // one that was written, but not acknowledged
	check(0, 4)
	l.found(3, 3) // 4 and 7 are gone; 3 was not acknowledged
	check(2, 4)
	l.found(3, 3) // they are counted once
	check(2, 4)
	ack(10, 11)
	l.found(3, 0)
	check(6, 6)
	l.found(4, 0) // another writer has lost nothing
	check(6, 6)
}
