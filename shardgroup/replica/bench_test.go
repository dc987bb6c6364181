package replica

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// BenchmarkPropose is one entry after the other, and several in flight, in a
// group of three over loopback sockets, with storage in memory: what is left
// is the library's cost and ours.
func BenchmarkPropose(b *testing.B) {
	for _, inFlight := range []int{1, 2, 16} {
		b.Run(fmt.Sprint(inFlight, "InFlight"), func(b *testing.B) {
			l := benchGroup(b)
			entry := make([]byte, 128)
			pending := make(chan *Proposal, inFlight)
			done := make(chan error, 1)
			go func() {
				for p := range pending {
					if err := p.Wait(b.Context()); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
			b.ResetTimer()
			for range b.N {
				pending <- l.Propose(entry)
			}
			close(pending)
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkLeaseValid is what a read pays.
func BenchmarkLeaseValid(b *testing.B) {
	l := benchGroup(b)
	b.ReportAllocs()
	for b.Loop() {
		if !l.LeaseValid() {
			b.Fatal("no lease")
		}
	}
}

// benchGroup starts three members over loopback sockets and returns the leader.
func benchGroup(b *testing.B) *Replica {
	b.Helper()
	addrs := make(map[string]string)
	var c Configuration
	for _, name := range []string{"a", "b", "c"} {
		c.Servers = append(c.Servers, Server{ID: idOf(name), Voter: true})
	}
	var all []*Replica
	layers := make(map[string]*bus.Layer)
	for _, s := range c.Servers {
		name := strings.TrimSuffix(s.ID, ":1")
		n, err := bus.Open(bus.Deps{
			Network: bus.TCPNetwork{},
			Self:    func() bus.Identity { return bus.Identity{Cluster: "c", Node: name, Incarnation: "1"} },
			Resolve: func(id string) (string, error) { return addrs[id], nil },
		}, "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = n.Close() })
		addrs[s.ID] = n.Addr().String()
		if layers[s.ID], err = n.Layer(bus.Channel{Kind: bus.KindGroup, Group: "g"}); err != nil {
			b.Fatal(err)
		}
	}
	for _, s := range c.Servers {
		store, err := persistence.NewMemory().OpenGroup("g", persistence.GroupOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := Bootstrap(store, c); err != nil {
			b.Fatal(err)
		}
		r, err := Start(Deps{Store: store, Layer: layers[s.ID], FSM: &list{}}, Options{ID: s.ID})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = r.Shutdown() })
		all = append(all, r)
	}
	for range 5000 {
		for _, r := range all {
			if r.IsLeader() && r.Propose([]byte(newTerm)).Wait(b.Context()) == nil {
				return r
			}
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatal("no leader")
	return nil
}
