package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
	"github.com/redoubtdb/redoubt/slotmap"
)

// crowd is nodes in virtual time that know each other.
type crowd struct {
	t     *testing.T
	net   *memnet.Net
	disks map[string]*persistence.Memory
	mu    sync.Mutex // guards log
	log   bytes.Buffer
}

func (c *crowd) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.log.Write(p)
}

func (c *crowd) start(name string) (*Node, error) {
	c.t.Helper()
	cfg, _, err := config.Parse([]string{"--port", "7000", "--bind", name, "--protected-mode", "no"}, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	net := c.net.Host(name)
	return Start(Deps{Storage: c.disks[name], Bus: net, Listen: net.Listen, Logger: slog.New(slog.NewTextHandler(c, nil))}, config.NewLive(cfg))
}

func (c *crowd) until(what string, ok func() bool) {
	c.t.Helper()
	for range 60_000 {
		if ok() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	c.t.Fatalf("never: %s", what)
}

// set writes a key on the master.
func (c *crowd) set(n *Node, key, value string) error {
	op := fsm.Op{Args: [][]byte{[]byte("SET"), []byte(key), []byte(value)}, Slot: int32(slotmap.KeySlot([]byte(key)))}
	op.Spec, _ = n.table.Resolve(op.Args)
	w := new(resp.Writer)
	r := &fsm.Request{Ops: []fsm.Op{op}, W: w, Refuse: func(w *resp.Writer, _ *fsm.Op, _ fsm.Gate) { w.Error("ERR refused") }}
	if err := n.shard.Do(context.Background(), r); err != nil {
		return err
	}
	if got := string(w.Bytes()); got != "+OK\r\n" {
		return errors.New(got)
	}
	return nil
}

// A replica whose state is wrong stops, does not start with its data again, and comes back
// by snapshot once they are removed; the rest goes on.
func TestDivergedReplicaRejoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &crowd{t: t, net: memnet.New(), disks: make(map[string]*persistence.Memory)}
		defer func() {
			if t.Failed() {
				t.Log(c.log.String())
			}
		}()
		var nodes []*Node
		defer func() {
			for _, n := range nodes {
				n.Kill()
			}
		}()
		for _, name := range []string{"a", "b", "c"} {
			c.disks[name] = persistence.NewMemory()
			n, err := c.start(name)
			if err != nil {
				t.Fatal(err)
			}
			nodes = append(nodes, n)
		}
		master, bad := nodes[0], nodes[2]
		if err := master.AddSlots(t.Context(), []slotmap.Range{{Start: 0, End: 16383}}); err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"b", "c"} {
			if err := nodes[i+1].Meet(t.Context(), "a", 7000, 17000); err != nil {
				t.Fatal(name, err)
			}
			c.until("they know each other", func() bool { return len(master.Map().Nodes()) == i+2 })
		}
		for _, n := range nodes[1:] {
			c.until("it is replicating", func() bool { return n.Replicate(t.Context(), master.Self()) == nil })
		}
		c.until("all vote", func() bool {
			g := master.shard.group.Load()
			return g.Replica().Configuration().Voters() == 3 && master.Unsettled() == ""
		})
		for i := range 100 {
			if err := c.set(master, fmt.Sprint("key:", i), "value"); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		if s := master.Groups()[1]; s.Compared == 0 || s.Mismatches != 0 {
			t.Fatalf("before the damage: compared up to %d, %d mismatches", s.Compared, s.Mismatches)
		}
		if !bad.shard.machine().Damage([]byte("key:7")) {
			t.Fatal("no damage was done")
		}
		<-bad.Done()
		if err := bad.Err(); !errors.Is(err, shardgroup.ErrDiverged) {
			t.Errorf("it ended: %v", err)
		}
		bad.Kill()
		nodes = nodes[:2]
		if _, err := c.start("c"); err == nil || !strings.Contains(err.Error(), "remove the data directory") {
			t.Fatalf("it was started again with its data: %v", err)
		}
		if err := c.set(master, "meanwhile", "value"); err != nil {
			t.Errorf("the rest does not go on: %v", err)
		}
		if s := master.Groups()[1]; s.Mismatches == 0 {
			t.Error("the master counts no mismatch")
		}

		config, err := c.disks["c"].LoadConfig()
		if err != nil {
			t.Fatal(err)
		}
		c.disks["c"] = persistence.NewMemory() // the operator removes the directory
		if err := c.disks["c"].SaveConfig(config); err != nil {
			t.Fatal(err)
		}
		back, err := c.start("c")
		if err != nil {
			t.Fatal(err)
		}
		nodes = append(nodes, back)
		c.until("it has the state of the others", func() bool {
			m := back.shard.machine()
			return m != nil && m.Applied() > 0 && m.Sample() == master.shard.machine().Sample()
		})
	})
}
