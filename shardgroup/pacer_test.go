package shardgroup

import (
	"testing"
	"time"
)

func TestPacerWaitsForTheClientsJustAnswered(t *testing.T) {
	for _, c := range []struct {
		name             string
		answered, waited int
		took             time.Duration
		more             int
		patience         time.Duration
	}{
		{"nothing was answered", 0, 0, time.Millisecond, 0, 0},
		{"a single client waits for itself", 1, 0, time.Millisecond, 1, 0},
		{"one of two waits for the other", 1, 1, time.Millisecond, 1, time.Millisecond},
		{"some stragglers are not waited for", 50, 0, time.Millisecond, 44, time.Millisecond},
		{"with others waiting", 16, 30, time.Millisecond, 14, time.Millisecond},
		{"entries that take no time", 2, 0, 0, 2, minPatience},
		{"entries that take long", 2, 0, time.Minute, 2, maxPatience},
	} {
		p := pacer{}
		if c.answered > 0 {
			p.ended(c.answered, c.took)
		}
		if more := p.plan(); more != c.more {
			t.Errorf("%s: waits for %d more, want %d", c.name, more, c.more)
		}
		patience := p.patience(c.waited)
		if patience != c.patience {
			t.Errorf("%s: waits %v, want %v", c.name, patience, c.patience)
		}
		if patience == 0 && c.waited+c.more > 1 {
			t.Errorf("%s: waits for ever for %d", c.name, c.waited+c.more)
		}
	}
}

func TestPacerDoesNotWaitAfterAFailure(t *testing.T) {
	p := pacer{}
	p.ended(50, time.Millisecond)
	p.failed()
	if more := p.plan(); more != 0 {
		t.Errorf("waits for %d more, though nobody was answered", more)
	}
}

// Where nobody comes back, entries go out at once, more of them after each failure.
func TestPacerGivesUpWhatDoesNotPay(t *testing.T) {
	p := pacer{}
	waits := 0
	for range 1000 {
		p.ended(8, time.Millisecond)
		if p.plan() > 0 {
			waits++
			p.gathered(3) // of 7
		}
	}
	if waits < 5 || waits > 30 {
		t.Errorf("waited %d times of 1000 without success", waits)
	}
	for range maxSkip + 1 { // the world changes
		p.ended(8, time.Millisecond)
		if p.plan() > 0 {
			p.gathered(7)
		}
	}
	for i := range 10 {
		p.ended(8, time.Millisecond)
		if p.plan() != 7 {
			t.Fatalf("entry %d does not wait although it would pay", i)
		}
		p.gathered(7)
	}
}

func TestPacerFollowsTheTimeEntriesTake(t *testing.T) {
	p := pacer{}
	p.ended(1, 10*time.Millisecond)
	for range 100 {
		p.ended(2, time.Millisecond)
	}
	p.plan()
	if got := p.patience(0); got < 900*time.Microsecond || got > 1100*time.Microsecond {
		t.Errorf("patience %v where entries take 1ms", got)
	}
}
