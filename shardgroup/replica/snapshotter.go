package replica

import (
	"errors"
	"time"

	"github.com/hashicorp/raft"
)

// checkSnapshotDue is called after each entry, on the state machine's
// goroutine: it compares what lies behind the newest snapshot with the limits.
func (r *Replica) checkSnapshotDue(index, bytes uint64) {
	spread := r.options.spread()
	entries := index - min(index, r.SnapshotIndex())
	if float64(entries) < float64(r.options.SnapshotEntries)*spread && float64(bytes) < float64(r.options.SnapshotBytes)*spread {
		return
	}
	select {
	case r.snapshotDue <- struct{}{}:
	default:
	}
}

// snapshotDamaged is told of a snapshot that cannot be read. The state in memory is not worse for it,
// so another snapshot of it takes its place: a leader could not bring anybody up to date otherwise.
func (r *Replica) snapshotDamaged(id string, err error) {
	r.log.Error("a snapshot is damaged and will be replaced by a new one", "member", r.options.ID, "snapshot", id, "error", err)
	now, last := time.Now().UnixNano(), r.renewed.Load()
	if now-last < int64(renewLimit) && last != 0 || !r.renewed.CompareAndSwap(last, now) {
		return
	}
	select {
	case r.snapshotDue <- struct{}{}:
	default:
	}
}

// snapshotLoop takes the snapshots that are due, one at a time.
func (r *Replica) snapshotLoop() {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-r.snapshotDue:
		case <-r.ctx.Done():
			return
		}
		if err := r.TakeSnapshot(); err == nil {
			continue
		} else if r.ctx.Err() == nil {
			r.log.Warn("snapshot failed", "member", r.options.ID, "error", err)
		}
		t.Reset(snapshotRetry)
		select {
		case <-t.C:
		case <-r.ctx.Done():
			return
		}
	}
}

// TakeSnapshot takes a snapshot now and waits until it is stored. It returns
// nil also when there is nothing to put into one.
func (r *Replica) TakeSnapshot() error {
	if r.ctx.Err() != nil {
		return ErrClosed
	}
	err := r.await(r.ctx, r.raft.Snapshot())
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}
