package bus_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
	"github.com/redoubtdb/redoubt/shardgroup/bus/memnet"
)

// node is one end of a bus in a test.
type node struct {
	*bus.Bus
	id     atomic.Pointer[bus.Identity]
	secret string
	admit  func(bus.Identity, bus.Channel) error
}

// fleet is a few nodes on one network.
type fleet struct {
	t     *testing.T
	net   *memnet.Net
	nodes map[string]*node
}

func newFleet(t *testing.T) *fleet {
	return &fleet{t: t, net: memnet.New(), nodes: make(map[string]*node)}
}

// open starts a node; its incarnation is "1".
func (f *fleet) open(cluster, name, secret string) *node {
	f.t.Helper()
	n := &node{secret: secret}
	n.id.Store(&bus.Identity{Cluster: cluster, Node: name, Incarnation: "1"})
	b, err := bus.Open(bus.Deps{
		Network: f.net.Host(name),
		Self:    func() bus.Identity { return *n.id.Load() },
		Resolve: func(serverID string) (string, error) {
			host, _, _ := strings.Cut(serverID, ":")
			return host + ":17000", nil
		},
		Admit: func(from bus.Identity, ch bus.Channel) error {
			if n.admit == nil {
				return nil
			}
			return n.admit(from, ch)
		},
		Secret: func() string { return n.secret },
		ErrorCode: func(err error) string {
			if errors.Is(err, errKnown) {
				return "known"
			}
			return ""
		},
	}, name+":17000")
	if err != nil {
		f.t.Fatal(err)
	}
	n.Bus = b
	f.nodes[name] = n
	f.t.Cleanup(func() { _ = b.Close() })
	return n
}

func echo(_ context.Context, from bus.Identity, body []byte) ([]byte, error) {
	return append([]byte(from.Node+" "), body...), nil
}

// inBubble runs a test in virtual time, closing every bus within it: a
// goroutine that outlives Close would be a deadlock and fail the test.
func inBubble(t *testing.T, test func(t *testing.T, f *fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newFleet(t)) })
}

var chanG = bus.Channel{Kind: bus.KindGroup, Group: "g1"}

func TestCall(t *testing.T) {
	for _, secret := range []string{"", "s3cret"} {
		inBubble(t, func(t *testing.T, f *fleet) {
			a, b := f.open("c", "a", secret), f.open("c", "b", secret)
			b.Handle("echo", echo)
			for _, size := range []int{0, 5, 100_000, bus.MaxBody - 2} {
				body := bytes.Repeat([]byte("x"), size)
				got, err := a.Call(t.Context(), "b:1", "echo", body)
				if err != nil || !bytes.Equal(got, append([]byte("a "), body...)) {
					t.Fatalf("secret %q size %d: %d bytes, %v", secret, size, len(got), err)
				}
			}
			if links := a.Links(); len(links) != 2 || !links[0].Outgoing || links[0].Peer.Node != "b" {
				t.Fatalf("links: %+v", links)
			}
		})
	}
}

func TestLayer(t *testing.T) {
	for _, secret := range []string{"", "s3cret"} {
		inBubble(t, func(t *testing.T, f *fleet) {
			a, b := f.open("c", "a", secret), f.open("c", "b", secret)
			la, lb := layer(t, a), layer(t, b)
			near, err := la.Dial("b:1", time.Second)
			if err != nil {
				t.Fatal(err)
			}
			far, err := lb.Accept()
			if err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = near.Write([]byte("ping")) }()
			got := make([]byte, 4)
			if _, err := io.ReadFull(far, got); err != nil || string(got) != "ping" {
				t.Fatalf("%q %v", got, err)
			}
			_ = lb.Close()
			if _, err := la.Dial("b:1", time.Second); !errors.Is(err, bus.ErrNoChannel) {
				t.Fatalf("after the layer's close: %v", err)
			}
			if _, err := far.Write([]byte("x")); err != nil {
				t.Fatalf("an accepted connection must outlive the layer: %v", err)
			}
			_, _ = near.Close(), far.Close()
		})
	}
}

func layer(t *testing.T, n *node) *bus.Layer {
	t.Helper()
	l, err := n.Layer(chanG)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Every way of not belonging, seen by calls and by layers alike.
func TestRefusals(t *testing.T) {
	denied := errors.New("forgotten node")
	for _, c := range []struct {
		name             string
		clusterA         string
		secretA, secretB string
		to               string
		admit            error
		want             error
	}{
		{name: "foreign cluster", clusterA: "other", to: "b:1", want: bus.ErrForeignCluster},
		{name: "wrong incarnation", clusterA: "c", to: "b:2", want: bus.ErrWrongIncarnation},
		{name: "wrong node", clusterA: "c", to: "z:1", want: bus.ErrWrongNode},
		{name: "bad secret", clusterA: "c", secretA: "x", secretB: "y", to: "b:1", want: bus.ErrAuth},
		{name: "caller without secret", clusterA: "c", secretB: "y", to: "b:1", want: bus.ErrAuth},
		{name: "callee without secret", clusterA: "c", secretA: "x", to: "b:1", want: bus.ErrAuth},
		{name: "not admitted", clusterA: "c", to: "b:1", admit: denied, want: bus.ErrDenied},
		{name: "foreign cluster with bad secret", clusterA: "other", secretA: "x", secretB: "y", to: "b:1", want: bus.ErrAuth},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fleet) {
				a, b := f.open(c.clusterA, "a", c.secretA), f.open("c", "b", c.secretB)
				b.admit = func(bus.Identity, bus.Channel) error { return c.admit }
				b.Handle("echo", echo)
				_ = layer(t, b)
				alias, err := f.net.Host("b").Listen("z:17000") // "z" is an alias of b's address
				if err != nil {
					t.Fatal(err)
				}
				defer alias.Close()
				go forward(alias, f.net.Host("b"), "b:17000")

				la := layer(t, a)
				if _, err := la.Dial(c.to, time.Second); !errors.Is(err, c.want) {
					t.Errorf("dial: %v, want %v", err, c.want)
				}
				_, err = a.Call(t.Context(), c.to, "echo", nil)
				if !errors.Is(err, c.want) || !errors.Is(err, bus.ErrNotSent) {
					t.Errorf("call: %v, want %v and not sent", err, c.want)
				}
			})
		})
	}
}

// forward passes connections on: an address that leads to the wrong node.
func forward(l net.Listener, h *memnet.Host, to string) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		out, err := h.Dial(context.Background(), to)
		if err != nil {
			_ = in.Close()
			continue
		}
		go func() { _, _ = io.Copy(out, in); _ = out.Close() }()
		go func() { _, _ = io.Copy(in, out); _ = in.Close() }()
	}
}

func TestUnknownChannelAndMethod(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, _ := f.open("c", "a", ""), f.open("c", "b", "")
		if _, err := layer(t, a).Dial("b:1", time.Second); !errors.Is(err, bus.ErrNoChannel) {
			t.Fatal(err)
		}
		_, err := a.Call(t.Context(), "b:1", "nothing", nil)
		if !errors.Is(err, bus.ErrNoMethod) || !errors.Is(err, bus.ErrNotSent) {
			t.Fatal(err)
		}
		if _, err := a.Layer(chanG); err == nil {
			t.Fatal("one channel opened twice")
		}
	})
}

// A stranger reaches open methods only, whatever its cluster, but not without
// the secret.
func TestStranger(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b, s := f.open("other", "a", ""), f.open("c", "b", ""), f.open("c", "s", "pass")
		for _, n := range []*node{b, s} {
			n.HandleOpen("meet", echo)
			n.Handle("echo", echo)
			n.admit = func(bus.Identity, bus.Channel) error { return errors.New("nobody") }
		}
		if got, err := a.CallAddr(t.Context(), "b:17000", "meet", []byte("hi")); err != nil || string(got) != "a hi" {
			t.Fatalf("%q %v", got, err)
		}
		if _, err := a.CallAddr(t.Context(), "b:17000", "echo", nil); !errors.Is(err, bus.ErrNoMethod) {
			t.Fatalf("a stranger reached a member's method: %v", err)
		}
		if _, err := a.CallAddr(t.Context(), "s:17000", "meet", nil); !errors.Is(err, bus.ErrAuth) {
			t.Fatalf("without the secret: %v", err)
		}
		synctest.Wait()
		if links := a.Links(); len(links) != 0 {
			t.Fatalf("links left: %+v", links)
		}
	})
}

var errKnown = errors.New("known to ErrorCode")

type codedError struct{ code string }

func (e codedError) Error() string { return "slot is busy" }
func (e codedError) Code() string  { return e.code }

func TestHandlerErrors(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("coded", func(context.Context, bus.Identity, []byte) ([]byte, error) {
			return nil, fmt.Errorf("apply: %w", codedError{"slot-busy"})
		})
		b.Handle("plain", func(context.Context, bus.Identity, []byte) ([]byte, error) { return nil, io.ErrUnexpectedEOF })
		b.Handle("known", func(context.Context, bus.Identity, []byte) ([]byte, error) { return nil, errKnown })
		for method, want := range map[string]bus.RemoteError{
			"known": {Code: "known", Msg: "known to ErrorCode"},
			"coded": {Code: "slot-busy", Msg: "apply: slot is busy"},
			"plain": {Code: "error", Msg: "unexpected EOF"},
		} {
			var got *bus.RemoteError
			_, err := a.Call(t.Context(), "b:1", method, nil)
			if !errors.As(err, &got) || *got != want || errors.Is(err, bus.ErrNotSent) {
				t.Errorf("%s: %v", method, err)
			}
		}
		b.Unhandle("plain")
		if _, err := a.Call(t.Context(), "b:1", "plain", nil); !errors.Is(err, bus.ErrNoMethod) {
			t.Errorf("after Unhandle: %v", err)
		}
	})
}
