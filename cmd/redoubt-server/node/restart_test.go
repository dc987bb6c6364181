package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
	"github.com/redoubtdb/redoubt/slotmap"
)

// A member whose hand-over got stuck is restarted; every other failure ends the node.
func TestFailedMembers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, _, err := config.Parse([]string{"--port", "7000", "--bind", "a", "--protected-mode", "no"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		net := memnet.New().Host("a")
		n, err := Start(Deps{Storage: persistence.NewMemory(), Bus: net, Listen: net.Listen, Logger: slog.New(slog.DiscardHandler)}, config.NewLive(cfg))
		if err != nil {
			t.Fatal(err)
		}
		defer n.Kill()
		if err := n.AddSlots(context.Background(), []slotmap.Range{{Start: 0, End: 16383}}); err != nil {
			t.Fatal(err)
		}
		group, meta := n.shard.group.Load(), n.topology.metaMember()
		stuck := fmt.Errorf("of a test: %w", replica.ErrTransferStuck)
		n.groupFailed(seatOf(group), stuck)
		n.metaFailed(meta, stuck)
		time.Sleep(3 * time.Second)
		if n.shard.group.Load() == group || n.topology.metaMember() == meta {
			t.Error("a member was not restarted")
		}
		if !n.Serves(0) {
			t.Error("the slots are not served any more")
		}
		select {
		case <-n.Done():
			t.Errorf("the node ended: %v", n.Err())
		default:
		}
		n.groupFailed(seatOf(group), errors.New("the disk"))
		<-n.Done()
	})
}
