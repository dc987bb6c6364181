package node

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
)

// eager is a network on which a peer calls the moment the bus listens.
type eager struct {
	bus.Network
	call func()
}

func (e eager) Listen(addr string) (net.Listener, error) {
	l, err := e.Network.Listen(addr)
	if err == nil {
		e.call()
	}
	return l, err
}

// Peers try to reach a node that is down all the time, so they call in the instant in
// which it comes up, when only half of it stands.
func TestPeerCallsDuringStart(t *testing.T) {
	cfg, _, err := config.Parse([]string{"--port", "7000", "--bind", "a", "--protected-mode", "no"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	network, disk := memnet.New(), persistence.NewMemory()
	start := func(call func()) *Node {
		disk.Reopen()
		n, err := Start(Deps{
			Storage: disk, Bus: eager{network.Host("a"), call}, Listen: network.Host("a").Listen, Logger: slog.New(slog.DiscardHandler),
		}, config.NewLive(cfg))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	n := start(func() {})
	self := n.identity.load()
	n.Kill()
	peer, err := bus.Open(bus.Deps{
		Network: network.Host("b"), Logger: slog.New(slog.DiscardHandler),
		Self:    func() bus.Identity { return bus.Identity{Cluster: self.Cluster, Node: "b", Incarnation: "1"} },
		Resolve: func(string) (string, error) { return "a:17000", nil },
	}, "b:17000")
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 20 {
		answered := make(chan error, 1)
		n := start(func() {
			go func() {
				_, err := peer.Call(ctx, self.Node+":"+self.Incarnation, "nothing", nil)
				answered <- err
			}()
			time.Sleep(time.Millisecond) // lets it speak first; without that the test shows less
		})
		if err := <-answered; err == nil {
			t.Error("a method that does not exist was answered")
		}
		n.Kill()
	}
}
