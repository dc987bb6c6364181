package shardgroup

import (
	"sync/atomic"

	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// committed remembers the latest configuration of the group that is known to be
// committed. Raft acts on a configuration as soon as it is in the log, but until it is
// committed it may be taken back; a member that throws its log away because such a
// configuration does not have it any more may be the one that the group then needs.
type committed struct {
	latest atomic.Pointer[replica.Configuration]
}

// ConfigurationCommitted is a part of replica.StateMachine.
func (c *committed) ConfigurationCommitted(_ uint64, now replica.Configuration) { c.latest.Store(&now) }

// lets tells whether a server is out of the group for good: neither in the committed
// configuration nor in the one that this leader works with.
func (c *committed) lets(serverID string, latest replica.Configuration) bool {
	now := c.latest.Load()
	if now == nil {
		return false
	}
	_, in := now.Find(serverID)
	_, stays := latest.Find(serverID)
	return !in && !stays
}
