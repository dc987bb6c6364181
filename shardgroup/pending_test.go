package shardgroup

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func somePendings(n int) []*pending {
	ps := make([]*pending, n)
	for i := range ps {
		ps[i] = &pending{done: make(chan error, 1)}
	}
	return ps
}

// add puts requests into the queue and fails the test where one makes an entry.
func (q *queue) addQuietly(t *testing.T, ps ...*pending) {
	t.Helper()
	for i, p := range ps {
		if entry, ok := q.add(p); !ok || entry != nil {
			t.Fatalf("request %d: entry of %d, accepted %v", i, len(entry), ok)
		}
	}
}

func TestQueueMakesOneEntryAtATime(t *testing.T) {
	q, ps := &queue{}, somePendings(6)
	q.addQuietly(t, ps[:2]...) // an entry is on its way
	if entry, waited, ok := q.arm(2); entry != nil || waited != 2 || !ok {
		t.Fatalf("armed for 2 more: entry of %d, waited %d, open %v", len(entry), waited, ok)
	}
	q.addQuietly(t, ps[2])
	entry, ok := q.add(ps[3])
	if !ok || !slices.Equal(entry, ps[:4]) {
		t.Fatalf("entry of %d", len(entry))
	}
	q.addQuietly(t, ps[4:]...) // the next one waits until the queue is armed again
	if entry, waited, _ := q.arm(0); waited != 2 || !slices.Equal(entry, ps[4:]) {
		t.Fatalf("armed: entry of %d, waited %d", len(entry), waited)
	}
	if entry, _, _ := q.arm(0); entry != nil {
		t.Fatal("an entry of nothing")
	}
	if entry, _ := q.add(ps[0]); !slices.Equal(entry, ps[:1]) {
		t.Fatal("armed for anything, the first request makes no entry")
	}
}

func TestQueueHurry(t *testing.T) {
	q, ps := &queue{}, somePendings(3)
	if q.hurry() != nil {
		t.Error("an entry was made although one was on its way")
	}
	q.arm(3)
	if q.hurry() != nil {
		t.Error("an entry of nothing")
	}
	if entry, _ := q.add(ps[0]); len(entry) != 1 {
		t.Error("the first request after hurry makes no entry")
	}
	q.arm(3)
	q.addQuietly(t, ps[1:]...)
	if entry := q.hurry(); !slices.Equal(entry, ps[1:]) {
		t.Errorf("entry of %d", len(entry))
	}
}

func TestQueuePutBackKeepsTheOrder(t *testing.T) {
	q, ps := &queue{}, somePendings(5)
	q.addQuietly(t, ps[3:]...)
	if !q.putBack(ps[1:3]) {
		t.Fatal("refused")
	}
	if entry, _, _ := q.arm(0); !slices.Equal(entry, ps[1:]) {
		t.Error("order lost")
	}
}

func TestQueueExpire(t *testing.T) {
	q, ps := &queue{}, somePendings(3)
	now := time.Now()
	for i, age := range []time.Duration{time.Second, time.Minute, 0} {
		ps[i].since = now.Add(-age)
	}
	q.addQuietly(t, ps...)
	if late := q.expire(now.Add(-10 * time.Second)); !slices.Equal(late, ps[1:2]) {
		t.Errorf("%d are late", len(late))
	}
	if entry, _, _ := q.arm(0); !slices.Equal(entry, []*pending{ps[0], ps[2]}) {
		t.Errorf("%d are left", len(entry))
	}
}

func TestQueueClose(t *testing.T) {
	q, ps := &queue{}, somePendings(3)
	q.addQuietly(t, ps[:2]...)
	if left := q.close(); !slices.Equal(left, ps[:2]) {
		t.Errorf("%d waited", len(left))
	}
	if q.over() {
		t.Error("over, though an entry is on its way")
	}
	if _, ok := q.add(ps[2]); ok {
		t.Error("added to a closed queue")
	}
	if q.putBack(ps[2:]) {
		t.Error("put back into a closed queue")
	}
	if _, _, ok := q.arm(0); ok {
		t.Error("a closed queue was armed")
	}
	if !q.over() {
		t.Error("not over")
	}
}

// Each request ends up in exactly one entry, whoever makes it.
func TestQueueLosesNothing(t *testing.T) {
	const adders, each = 8, 2000
	q := &queue{}
	made := make(chan []*pending, 1)
	var wg sync.WaitGroup
	for range adders {
		wg.Go(func() {
			for range each {
				p := &pending{done: make(chan error, 1)}
				if entry, _ := q.add(p); len(entry) > 0 {
					made <- entry
				}
				<-p.done
			}
		})
	}
	seen := 0
	for more := 0; seen < adders*each; more = (more + 1) % 4 {
		entry, _, _ := q.arm(more)
		if entry == nil {
			select {
			case entry = <-made:
			case <-time.After(time.Millisecond):
				if entry = q.hurry(); entry == nil {
					entry = <-made
				}
			}
		}
		seen += len(entry)
		finishAll(entry, nil)
		q.recycle(entry)
	}
	wg.Wait()
	if seen != adders*each {
		t.Errorf("%d requests in entries, %d were added", seen, adders*each)
	}
}
