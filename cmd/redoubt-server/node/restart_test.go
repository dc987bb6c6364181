package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
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

// A member that has what its group has lost ends its node, which does not start again with its data, if the log
// is synced; if it is not, it begins anew.
func TestRolledBackMember(t *testing.T) {
	for _, policy := range []string{"always", "everysec", "no"} {
		t.Run(policy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, _, err := config.Parse([]string{"--port", "7000", "--bind", "a", "--protected-mode", "no", "--appendfsync", policy}, nil)
				if err != nil {
					t.Fatal(err)
				}
				net, disk := memnet.New().Host("a"), persistence.NewMemory()
				deps := Deps{Storage: disk, Bus: net, Listen: net.Listen, Logger: slog.New(slog.DiscardHandler)}
				n, err := Start(deps, config.NewLive(cfg))
				if err != nil {
					t.Fatal(err)
				}
				defer n.Kill()
				if err := n.AddSlots(context.Background(), []slotmap.Range{{Start: 0, End: 16383}}); err != nil {
					t.Fatal(err)
				}
				group := n.shard.group.Load()
				n.groupFailed(seatOf(group), fmt.Errorf("of a test: %w", replica.ErrRolledBack))
				if policy == "always" {
					<-n.Done()
					n.Kill()
					if _, err := Start(deps, config.NewLive(cfg)); err == nil || !strings.Contains(err.Error(), "remove the data directory") {
						t.Errorf("it was started again with its data: %v", err)
					}
					return
				}
				time.Sleep(3 * time.Second)
				select {
				case <-n.Done():
					t.Fatalf("the node ended: %v", n.Err())
				default:
				}
				now := n.shard.group.Load()
				if now == group || now.Replica().LastIndex() != 0 || len(now.Replica().Configuration().Servers) != 0 {
					t.Errorf("the member has not begun anew: %+v", now.Replica().Configuration())
				}
			})
		})
	}
}
