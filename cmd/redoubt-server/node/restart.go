package node

import (
	"errors"
	"fmt"

	"github.com/redoubtdb/redoubt/metaraft"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// groupFailed acts on the failure of a member. It is called by the member's own goroutines,
// for which its restart waits. What is not mended here is a fault of the disk or of the
// state: the node has to end.
func (n *Node) groupFailed(s seat, err error) {
	switch {
	case errors.Is(err, replica.ErrTransferStuck):
		n.log.Error("a member failed and is restarted", "error", err)
		n.reopenSeat(s, nil)
	case errors.Is(err, replica.ErrRolledBack) && !n.syncs():
		n.log.Error("A MAJORITY OF A GROUP HAS LOST ACKNOWLEDGED WRITES, as can happen with this appendfsync; "+
			"this member discards its copy and fetches the leader's", "error", err)
		n.reopenSeat(s, (*persistence.GroupStore).Reset)
	case errors.Is(err, shardgroup.ErrDiverged), errors.Is(err, replica.ErrRolledBack):
		n.noteDiverged(s, err)
		n.fail(err)
	default:
		n.fail(err)
	}
}

// syncs says whether what data groups acknowledge is on disks.
func (n *Node) syncs() bool { return n.config.Load().Storage.AppendFsync == "always" }

// reopenSeat opens the group of a seat anew, in the background.
func (n *Node) reopenSeat(s seat, between func(*persistence.GroupStore) error) {
	n.background(func() {
		for _, g := range n.running(func(g *shardgroup.Group) bool { return seatOf(g) == s }) {
			_ = n.reopen(g, between) // an error ends the node
		}
	})
}

// reopen closes a member, does something with its store, if that is wanted, and opens it
// again. errChanging: it was closed meanwhile. Any other error ends the node.
func (n *Node) reopen(g *shardgroup.Group, between func(*persistence.GroupStore) error) error {
	n.life.lock()
	defer n.life.unlock()
	s := seatOf(g)
	if n.closing || n.groups[s] != g {
		return errChanging
	}
	n.stopGroup(s, false)
	err := n.withStore(s, between)
	if err == nil {
		err = n.startGroup(s)
	}
	if err != nil {
		n.fail(err)
		return err
	}
	n.useOwnGroup(n.topology.Map())
	return nil
}

// withStore does something with the store of a member that is closed.
func (n *Node) withStore(s seat, do func(*persistence.GroupStore) error) error {
	if do == nil {
		return nil
	}
	store, err := n.openStore(s)
	if err != nil {
		return err
	}
	return errors.Join(do(store), store.Close())
}

// metaFailed acts on the failure of the member of the metadata group.
func (n *Node) metaFailed(member *metaraft.Member, err error) {
	if !errors.Is(err, replica.ErrTransferStuck) {
		n.fail(fmt.Errorf("the metadata group: %w", err))
		return
	}
	n.log.Error("the member of the metadata group failed and is restarted", "error", err)
	n.life.lock()
	defer n.life.unlock()
	if n.closing || n.topology.metaMember() != member {
		return
	}
	n.closeMeta()
	if err := n.openMeta(n.topology.Map()); err != nil {
		n.fail(err)
	}
}
