package node

import (
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup"
)

// saveRetry is how soon a snapshot that failed is tried again, as in Redis.
const saveRetry = 5 * time.Second

// savePointsLoop takes a snapshot of this node's data group when a point of save is reached,
// whatever its role is, as Redis does. Other snapshots, by the log's length, count too.
func (n *Node) savePointsLoop() {
	w := saveWatch{last: time.Now()}
	for sleep(n.ctx, time.Second) {
		g := n.shard.group.Load()
		if g == nil {
			continue
		}
		now := time.Now()
		if w.look(g, g.Replica().SnapshotIndex(), now) {
			n.saves.noted(now, g.Replica().SnapshotIndex())
		}
		if n.saves.failed() && now.Sub(w.tried) < saveRetry {
			continue
		}
		points := n.config.Load().Storage.SavePoints
		if saveDue(points, now.Sub(w.last), g.ChangesSinceSnapshot()) && n.saves.begin() {
			w.tried = now
			n.background(func() {
				if err := n.save(); err != nil {
					n.log.Error("a snapshot by save failed", "error", err)
				}
			})
		}
	}
}

// saveDue tells whether one of the points is reached: so many changes, and more than so
// much time since the last snapshot.
func saveDue(points []config.SavePoint, since time.Duration, changes uint64) bool {
	return slices.ContainsFunc(points, func(p config.SavePoint) bool {
		return since > p.After && changes >= uint64(max(p.Changes, 0)) && changes > 0
	})
}

// saveWatch remembers when the newest snapshot came.
type saveWatch struct {
	group *shardgroup.Group
	index uint64
	last  time.Time // of a snapshot, or since when the group is watched
	tried time.Time
}

// look tells whether there is a new snapshot.
func (w *saveWatch) look(g *shardgroup.Group, index uint64, now time.Time) bool {
	if w.group != g {
		w.group, w.index, w.last = g, index, now
		return false
	}
	if index == w.index {
		return false
	}
	w.index, w.last = index, now
	return true
}
