package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

// Limits of a bus.
const (
	maxLinks      = 8192 // connections
	maxHandshakes = 512  // incoming connections that have not said who they are
	maxStrangers  = 128  // connections of strangers after their handshake
	maxOpenCalls  = 256  // handlers that run for strangers, on all of their connections
	acceptPause   = 20 * time.Millisecond
)

// Bus is one node's end of the cluster bus.
type Bus struct {
	deps     Deps
	listener net.Listener
	ctx      context.Context // ends when the bus closes
	stop     context.CancelFunc
	wg       sync.WaitGroup // every goroutine of the bus
	lobby    *room          // incoming connections in their handshake
	guests   *room          // connections of strangers
	openRuns chan struct{}  // a token for each handler that runs for a stranger
	notices  *notices
	callers  *callers

	mu      sync.Mutex // guards the rest; held for moments only
	closed  bool
	links   map[*link]struct{}
	layers  map[Channel]*Layer
	methods map[string]method
}

// method is a registered handler; open ones serve strangers too.
type method struct {
	handler Handler
	open    bool
}

// Open listens on addr and serves.
func Open(d Deps, addr string) (*Bus, error) {
	if d.Network == nil || d.Self == nil || d.Resolve == nil {
		return nil, errors.New("bus: Network, Self and Resolve are needed")
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	listener, err := d.Network.Listen(addr)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	b := newBus(d, listener)
	b.spawn(b.acceptLoop)
	return b, nil
}

// newBus makes a bus that does not run yet.
func newBus(d Deps, listener net.Listener) *Bus {
	b := &Bus{
		deps:     d,
		listener: listener,
		lobby:    newRoom(maxHandshakes),
		guests:   newRoom(maxStrangers),
		openRuns: make(chan struct{}, maxOpenCalls),
		notices:  &notices{log: d.Logger},
		links:    make(map[*link]struct{}),
		layers:   make(map[Channel]*Layer),
		methods:  make(map[string]method),
	}
	b.ctx, b.stop = context.WithCancel(context.Background())
	b.callers = newCallers(b)
	return b
}

// Addr is the address the bus listens on.
func (b *Bus) Addr() net.Addr { return b.listener.Addr() }

// Close stops listening, closes every connection and layer, cancels every
// handler and waits for every goroutine of the bus.
func (b *Bus) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		b.wg.Wait()
		return nil
	}
	b.closed = true
	links, layers := make([]*link, 0, len(b.links)), make([]*Layer, 0, len(b.layers))
	for l := range b.links {
		links = append(links, l)
	}
	for _, l := range b.layers {
		layers = append(layers, l)
	}
	b.mu.Unlock()

	b.stop()
	err := b.listener.Close()
	for _, l := range layers {
		_ = l.Close()
	}
	for _, l := range links {
		_ = l.Close()
	}
	b.wg.Wait()
	return err
}

// spawn runs f as a goroutine that Close waits for; after Close it does not.
func (b *Bus) spawn(f func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	b.wg.Go(f)
	return true
}

func (b *Bus) secret() string {
	if b.deps.Secret == nil {
		return ""
	}
	return b.deps.Secret()
}

func (b *Bus) admit(from Identity, ch Channel) error {
	if b.deps.Admit == nil {
		return nil
	}
	return b.deps.Admit(from, ch)
}

// Handle registers the handler of a method for members of our cluster.
func (b *Bus) Handle(name string, h Handler) { b.register(name, method{handler: h}) }

// HandleOpen registers the handler of a method for members and strangers.
func (b *Bus) HandleOpen(name string, h Handler) { b.register(name, method{handler: h, open: true}) }

// Unhandle takes a method's handler away; handlers that run go on.
func (b *Bus) Unhandle(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.methods, name)
}

func (b *Bus) register(name string, m method) {
	if len(name) > maxMethod {
		panic("bus: method name too long: " + name)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.methods[name] = m
}

func (b *Bus) method(name string) (method, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	m, ok := b.methods[name]
	return m, ok
}
