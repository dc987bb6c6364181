// Package server is the frontend: it takes client connections, parses their commands, passes each through an
// ordered list of gates and hands it to this node's data group or runs it itself.
//
// Not its job: Raft, the state machine, and changing the cluster. It declares the small interfaces it needs
// (interfaces.go) and the composition root implements them.
//
// Invariants:
//   - Replies leave in the order of the commands of a connection, one reply a command.
//   - A write is answered by what the group's log says of it: done, certainly not run (then a redirection or
//     TRYAGAIN or CLUSTERDOWN), or INDETERMINATE. A word that makes clients retry never stands for a write
//     that may have run.
//   - A request with unknown outcome keeps its memory: the connection goes on with fresh buffers.
//   - Every goroutine belongs to the Server and is gone when Close returns.
//
// The way of a command: conn.go reads and parses, dispatch.go passes it through the gates (gates.go,
// routing.go) and chooses who runs it, batch.go gathers writes and what stands behind them into one request.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp/server/config"
)

// Limits on closing.
const (
	closeGraceSeconds      = 2 // how long Close lets commands in flight finish
	writeOnCloseGraceMilli = 1000
)

// Deps are what a Server is made of. All are required.
type Deps struct {
	Config   *config.Live
	Topology Topology
	Shard    Shard
	Admin    Admin
	Inspect  Inspector
	Specs    []*command.Spec           // the commands the state machine runs (families command and lua)
	Compile  func(script []byte) error // checks a script; its error text is what the client sees
	Log      *slog.Logger
}

// Server is the frontend of one node.
type Server struct {
	cfg      *config.Live
	topology Topology
	shard    Shard
	peeker   Peeker // the shard, if it is one
	admin    Admin
	inspect  Inspector
	log      *slog.Logger
	stats    *Stats
	monitor  monitor // what INFO and CONFIG RESETSTAT keep (info_stats.go)
	started  time.Time

	table   *command.Table // every command, the frontend's too
	fronts  map[*command.Spec]*front
	gates   []gate
	scripts *scriptCache
	pause   pause
	seen    atomic.Pointer[view] // of the newest map

	ctx     context.Context // ends when Close loses its patience
	cancel  context.CancelFunc
	wg      sync.WaitGroup // accept loops, connections, writers
	clients registry

	held     atomic.Int64 // bytes that all clients hold (held.go)
	evicting sync.Mutex   // one goroutine at a time chooses whom to close
}

// New makes a Server. It serves nobody until Serve is called.
func New(d Deps) (*Server, error) {
	if d.Config == nil || d.Topology == nil || d.Shard == nil || d.Admin == nil || d.Inspect == nil || d.Compile == nil || d.Log == nil {
		return nil, errors.New("server: incomplete Deps")
	}
	s := &Server{
		cfg: d.Config, topology: d.Topology, shard: d.Shard, admin: d.Admin, inspect: d.Inspect,
		log: d.Log, stats: &Stats{}, started: time.Now(),
		gates: gates(), scripts: newScriptCache(d.Compile),
	}
	s.peeker, _ = d.Shard.(Peeker)
	if err := s.buildTable(d.Specs); err != nil {
		return nil, fmt.Errorf("server: command table: %w", err)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.cfg.Subscribe(s.configChanged)
	return s, nil
}

// configChanged makes a new timeout count for clients that are idle now.
func (s *Server) configChanged(before, now *config.Config) {
	if before.Network.IdleTimeout != now.Network.IdleTimeout {
		s.clients.wake()
	}
}

// buildTable gathers the commands of the frontend, and those of the state machine that the frontend has none
// of the same name for: TIME, which scripts may call, and EVAL and EVAL_RO, which the frontend prepares.
func (s *Server) buildTable(data []*command.Spec) error {
	scripts, err := findScripts(data)
	if err != nil {
		return err
	}
	s.fronts = map[*command.Spec]*front{}
	var own []*command.Spec
	taken := map[string]bool{}
	for _, family := range families(scripts) {
		for i := range family {
			f := &family[i]
			s.fronts[f.spec] = f
			if f.spec.Container == "" {
				own = append(own, f.spec)
				taken[f.spec.Name] = true
			}
		}
	}
	rest := slices.DeleteFunc(slices.Clone(data), func(spec *command.Spec) bool { return taken[spec.Name] })
	s.table, err = command.NewTable(own, rest)
	return err
}

// FrontSpecs returns the specs of the commands that only the frontend runs; data are the state machine's. In the
// state machine's table they make the difference between a command that does not exist and one that scripts may
// not call.
func FrontSpecs(data []*command.Spec) ([]*command.Spec, error) {
	scripts, err := findScripts(data)
	if err != nil {
		return nil, fmt.Errorf("server: command table: %w", err)
	}
	taken := map[string]bool{}
	for _, spec := range data {
		taken[spec.Name] = true
	}
	var own []*command.Spec
	for _, family := range families(scripts) {
		for _, f := range family {
			if f.spec.Container == "" && !taken[f.spec.Name] {
				own = append(own, f.spec)
			}
		}
	}
	return own, nil
}

// Close stops accepting, lets what is in flight finish for a short while, drops all clients and waits until
// every goroutine of the Server has ended. It may be called more than once. What the Server was made of must
// outlive it: a Shard that is closed first would leave writes with unknown outcome.
func (s *Server) Close() {
	s.clients.close()
	s.pause.end()
	done := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(done)
	}()
	patience := time.NewTimer(closeGraceSeconds * time.Second)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
		s.cancel()
		s.clients.cut()
		<-done
	}
	s.cancel()
}

// registry knows the listeners and connections of a Server.
type registry struct {
	mu        sync.Mutex // guards all below
	closed    bool
	lastID    int64
	listeners map[net.Listener]struct{}
	conns     map[int64]*Conn

	closing atomic.Bool // closed, for readers without the lock
}

// close refuses newcomers, stops the accept loops and wakes connections that wait for a command.
func (r *registry) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.closing.Store(true)
	for ln := range r.listeners {
		_ = ln.Close()
	}
	for _, c := range r.conns {
		c.wake()
	}
}

// wake makes every connection that waits for a command look at the world again.
func (r *registry) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.wake()
	}
}

// cut drops all connections, whatever they are doing.
func (r *registry) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		_ = c.nc.Close()
	}
}
