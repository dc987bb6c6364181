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

// BenchmarkCatchUp is a leader that sends a follower what it lacks, by entries in one AppendEntries. The
// time is that of 10,000 entries of 1 KiB.
func BenchmarkCatchUp(b *testing.B) {
	for _, most := range []int{64, 256, 1024} {
		b.Run(fmt.Sprint(most), func(b *testing.B) {
			all := benchMembers(b, Options{MaxAppend: most, TrailingEntries: 1 << 20})
			l := benchLeader(b, all)
			entry := make([]byte, 1<<10)
			for b.Loop() {
				b.StopTimer()
				f := all[0]
				if f.Replica == l {
					f = all[1]
				}
				_ = f.Shutdown()
				last := new(Proposal)
				for range 10_000 / 100 {
					for range 100 {
						last = l.Propose(entry)
						if err := last.Wait(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				}
				b.StartTimer()
				f.start(b)
				for f.AppliedIndex() < last.Index() {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
}

// benchGroup starts three members over loopback sockets and returns the leader.
func benchGroup(b *testing.B) *Replica {
	b.Helper()
	return benchLeader(b, benchMembers(b, Options{}))
}

// benchMember is a member of a group over loopback sockets.
type benchMember struct {
	*Replica
	bus     *bus.Bus
	store   *persistence.GroupStore
	options Options
}

func (m *benchMember) start(b *testing.B) {
	b.Helper()
	layer, err := m.bus.Layer(bus.Channel{Kind: bus.KindGroup, Group: "g"})
	if err != nil {
		b.Fatal(err)
	}
	if m.Replica, err = Start(Deps{Store: m.store, Layer: layer, FSM: &list{}}, m.options); err != nil {
		b.Fatal(err)
	}
}

func benchMembers(b *testing.B, o Options) (all []*benchMember) {
	b.Helper()
	addrs := make(map[string]string)
	var c Configuration
	for _, name := range []string{"a", "b", "c"} {
		c.Servers = append(c.Servers, Server{ID: idOf(name), Voter: true})
	}
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
		store, err := persistence.NewMemory().OpenGroup("g", persistence.GroupOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := Bootstrap(store, c); err != nil {
			b.Fatal(err)
		}
		o.ID = s.ID
		all = append(all, &benchMember{bus: n, store: store, options: o})
	}
	for _, m := range all {
		m.start(b)
		b.Cleanup(func() { _ = m.Shutdown() })
	}
	return all
}

func benchLeader(b *testing.B, all []*benchMember) *Replica {
	b.Helper()
	for range 5000 {
		for _, m := range all {
			if m.IsLeader() && m.Propose([]byte(newTerm)).Wait(b.Context()) == nil {
				return m.Replica
			}
		}
		time.Sleep(time.Millisecond)
	}
	b.Fatal("no leader")
	return nil
}
