package shardgroup

import (
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// expiryChecks is how often in RequestTimeout requests that wait too long are looked
// for.
const expiryChecks = 16

// keeper waits for the outcome of each entry and lets the next one be made: by
// itself, or by the connection whose request completes it.
type keeper struct {
	g     *Group
	pacer pacer
	timer *time.Timer
}

// keep is the keeper's goroutine.
func (g *Group) keep() {
	k := &keeper{g: g, timer: time.NewTimer(0)}
	k.timer.Stop()
	outcomes := g.replica.NewWaiter()
	defer outcomes.Close()
	for {
		b, open := k.next()
		if !open {
			return
		}
		if b == nil {
			k.pacer.failed()
			continue
		}
		k.follow(outcomes, b)
	}
}

// follow waits for the outcome of an entry.
func (k *keeper) follow(outcomes *replica.Waiter, b *batch) {
	err := outcomes.Wait(b.proposal)
	if err != nil || b.full {
		k.pacer.failed()
	} else {
		k.pacer.ended(len(b.pendings), time.Since(b.proposed))
	}
	k.g.conclude(b, err)
}

// next returns the next entry on its way, nil if it did not come about; false means
// that there will be none, since the group is closed.
func (k *keeper) next() (b *batch, open bool) {
	q := k.g.queue
	taken, waited, open := q.arm(k.pacer.plan())
	if !open {
		return nil, false
	}
	if len(taken) > 0 {
		return k.g.propose(taken), true
	}
	if patience := k.pacer.patience(waited); patience > 0 {
		k.timer.Reset(patience)
		defer k.timer.Stop()
	}
	for {
		select {
		case b := <-k.g.proposed:
			if b != nil {
				k.pacer.gathered(len(b.pendings) - waited)
			}
			return b, true
		case <-k.timer.C:
			if taken := q.hurry(); len(taken) > 0 {
				k.pacer.gathered(len(taken) - waited)
				return k.g.propose(taken), true
			}
		case <-k.g.stop:
			if q.over() {
				return nil, false
			}
			return <-k.g.proposed, true
		}
	}
}

// expire gives up requests that have waited too long, until the group is closed.
func (g *Group) expire() {
	t := time.NewTicker(max(g.opt.RequestTimeout/expiryChecks, time.Millisecond))
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			before := now.Add(-g.opt.RequestTimeout)
			finishAll(g.queue.expire(before), ErrNoQuorum)
			g.inflight.expire(before)
		case <-g.stop:
			return
		}
	}
}
