package bus

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// What the fuzzed bus is, and has.
const (
	fuzzSecret = "the secret of this cluster"
	fuzzSlack  = 4 << 20 // bytes that a connection may cost beyond a multiple of what it sends; the meter is a coarse one
)

var fuzzSelf = Identity{Cluster: "cluster-of-ours", Node: "node-of-ours", Incarnation: "incarnation-of-ours"}

// script is a connection whose other end sends what it was given and then hangs up. One that
// proves answers a challenge as a peer would that has the secret.
type script struct {
	prove bool

	mu     sync.Mutex
	in     []byte
	read   []byte // what was read before the challenge: the opening, with magic and head
	out    bytes.Buffer
	closed bool
}

func (s *script) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.in)
	if s.out.Len() == 0 {
		s.read = append(s.read, s.in[:n]...)
	}
	s.in = s.in[n:]
	return n, nil
}

func (s *script) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, net.ErrClosed
	}
	if first := s.out.Len() == 0; first && s.prove && b[0] == msgChallenge {
		var proof bytes.Buffer
		_ = writeMessage(&proof, msgProof, mac(fuzzSecret, labelCaller, s.read[len(magic)+3:], b[3:]))
		s.in = append(proof.Bytes(), s.in...)
	}
	return s.out.Write(b)
}

func (s *script) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (s *script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// fuzzBus is a bus without a listener.
type fuzzBus struct {
	*Bus
	members, strangers atomic.Int64 // handlers that ran
	admitted           atomic.Int64 // questions to Admit
}

func newFuzzBus(secret string) *fuzzBus {
	f := &fuzzBus{}
	f.Bus = newBus(Deps{
		Self: func() Identity { return fuzzSelf }, Secret: func() string { return secret }, Logger: slog.New(slog.DiscardHandler),
		Admit: func(Identity, Channel) error { f.admitted.Add(1); return nil },
	}, nil)
	f.Handle("m", func(_ context.Context, _ Identity, body []byte) ([]byte, error) { f.members.Add(1); return body, nil })
	f.HandleOpen("o", func(_ context.Context, _ Identity, body []byte) ([]byte, error) { f.strangers.Add(1); return body, nil })
	return f
}

// fuzzSeeds are conversations of every kind, whole and broken.
func fuzzSeeds() [][]byte {
	to := Identity{Node: fuzzSelf.Node, Incarnation: fuzzSelf.Incarnation}
	member := hello{version: protoVersion, from: Identity{Cluster: fuzzSelf.Cluster, Node: "peer", Incarnation: "1"}, to: to, channel: Channel{Kind: KindRPC}}
	hellos := []hello{member, member, member, member, member, member}
	hellos[1].flags, hellos[1].to = flagStranger, Identity{}
	hellos[2].channel = Channel{Kind: KindGroup, Group: "g"}
	hellos[3].from.Cluster = "another cluster"
	hellos[4].to.Incarnation = "an older incarnation"
	hellos[5].version = protoVersion + 1
	var seeds [][]byte
	for _, h := range hellos {
		var b bytes.Buffer
		_ = writeMessage(&b, msgHello, h.encode())
		seeds = append(seeds, bytes.Clone(b.Bytes()))
		for i, method := range []string{"m", "o", "none"} {
			r := request{timeout: time.Second, method: method, body: []byte("body")}
			b.Write(fuzzFrame(frame{kind: frameRequest, id: uint64(i), payload: r.encode()}))
		}
		b.Write(fuzzFrame(frame{kind: frameCancel, id: 1}))
		b.Write(fuzzFrame(frame{kind: framePing, id: 2}))
		seeds = append(seeds, bytes.Clone(b.Bytes()))
		b.Write([]byte{0xff, 0xff, 0xff, 0xff, frameRequest, 0, 0, 0, 0, 0, 0, 0, 9}) // four gigabytes
		seeds = append(seeds, b.Bytes(), b.Bytes()[:b.Len()/2])
	}
	verdicts := []verdict{{self: fuzzSelf}, {code: "auth"}, {code: "denied", msg: "why", self: fuzzSelf, mac: make([]byte, 32)}}
	for _, v := range verdicts {
		var b bytes.Buffer
		_ = writeMessage(&b, msgChallenge, make([]byte, nonceSize))
		_ = writeMessage(&b, msgVerdict, v.encode())
		seeds = append(seeds, b.Bytes(), b.Bytes()[3+nonceSize:])
	}
	coded := fuzzFrame(frame{kind: frameError, id: 1, payload: encodeCoded("code", "message")})
	return append(seeds, nil, []byte(magic), []byte("GET / HTTP/1.1\r\n\r\n"), coded)
}

func fuzzFrame(f frame) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(frameHead-4+len(f.payload)))
	b = binary.BigEndian.AppendUint64(append(b, f.kind), f.id)
	return append(b, f.payload...)
}

// FuzzPreamble is whatever may come in on the bus port: preamble, handshake and frames, to a bus
// without a secret, to one with a secret, and from somebody who has it; and the answers to our own
// preamble. Nothing panics, memory follows what arrived and not what was announced, nothing is
// accepted or given away without proof, and what was decoded is encoded to the same again.
func FuzzPreamble(f *testing.F) {
	for _, seed := range fuzzSeeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := allocated()
		fuzzWithoutSecret(t, in)
		fuzzWithoutProof(t, in)
		fuzzWithProof(t, in)
		fuzzGreet(t, in)
		if cost := allocated() - before; cost > fuzzSlack+64*uint64(len(in)) {
			t.Fatalf("%d bytes allocated for %d", cost, len(in))
		}
		fuzzCodecs(t, in)
	})
}

// allocated is all that this process ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// converse lets a bus serve one connection to its end.
func (f *fuzzBus) converse(in []byte, prove bool) *script {
	s := &script{in: bytes.Clone(in), prove: prove}
	layer, _ := f.Layer(Channel{Kind: KindGroup, Group: "g"})
	f.serve(s, f.lobby.enter(s))
	_ = layer.Close()
	f.stop()
	f.wg.Wait()
	return s
}

// settled checks what must be so after any conversation.
func (f *fuzzBus) settled(t *testing.T, s *script) {
	if n := len(f.links); n > 0 || !s.closed {
		t.Fatalf("%d links are left, closed: %v", n, s.closed)
	}
	if f.lobby.inside+f.lobby.order.Len()+f.guests.inside+f.guests.order.Len()+len(f.openRuns) > 0 {
		t.Fatal("a place is still taken")
	}
}

func fuzzWithoutSecret(t *testing.T, in []byte) {
	f := newFuzzBus("")
	s := f.converse(in, false)
	f.settled(t, s)
	h := openingOf(in)
	if h == nil || h.version != protoVersion {
		if f.members.Load()+f.strangers.Load()+f.admitted.Load() > 0 {
			t.Fatal("served without a preamble")
		}
		return
	}
	ours := h.from.Cluster == fuzzSelf.Cluster && h.to.ServerID() == fuzzSelf.ServerID()
	if f.members.Load() > 0 && (!ours || h.stranger()) || f.admitted.Load() > 0 && !ours {
		t.Fatalf("a member's method ran for %+v", h)
	}
}

// openingOf is the preamble that in begins with.
func openingOf(in []byte) *hello {
	_, body, err := readMessage(bytes.NewReader(in), msgHello)
	if err != nil {
		return nil
	}
	h, err := decodeHello(body)
	if err != nil {
		return nil
	}
	return h
}

// fuzzWithoutProof: whoever does not know the secret gets a challenge, if he began with a
// preamble, and then a refusal that is the same for everybody.
func fuzzWithoutProof(t *testing.T, in []byte) {
	f := newFuzzBus(fuzzSecret)
	s := f.converse(in, false)
	f.settled(t, s)
	if f.members.Load()+f.strangers.Load()+f.admitted.Load() > 0 {
		t.Fatal("something ran without proof")
	}
	var refusal bytes.Buffer
	_ = writeMessage(&refusal, msgVerdict, (&verdict{code: "auth"}).encode())
	out := s.out.Bytes()
	if openingOf(in) == nil {
		if len(out) > 0 {
			t.Fatalf("answered %q", out)
		}
		return
	}
	if len(out) < 3+nonceSize || !bytes.Equal(out[:3], []byte{msgChallenge, 0, nonceSize}) || !bytes.Equal(out[3+nonceSize:], refusal.Bytes()) {
		t.Fatalf("answered %q", out)
	}
}

// fuzzWithProof: the same as without a secret, for those who have it.
func fuzzWithProof(t *testing.T, in []byte) {
	f := newFuzzBus(fuzzSecret)
	s := f.converse(in, true)
	f.settled(t, s)
	h := openingOf(in)
	if h == nil && s.out.Len() > 0 {
		t.Fatalf("answered %q", s.out.Bytes())
	}
	if h == nil || f.members.Load() == 0 {
		return
	}
	if h.version != protoVersion || h.stranger() || h.from.Cluster != fuzzSelf.Cluster || h.to.ServerID() != fuzzSelf.ServerID() {
		t.Fatalf("a member's method ran for %+v", h)
	}
}

// fuzzGreet takes in as the other end's answers to our preamble.
func fuzzGreet(t *testing.T, in []byte) {
	h := &hello{from: fuzzSelf, to: Identity{Node: "peer", Incarnation: "1"}, channel: Channel{Kind: KindRPC}}
	if _, err := greet(&script{in: bytes.Clone(in)}, h, fuzzSecret); err == nil {
		t.Fatal("an answer without proof was believed")
	}
	self, err := greet(&script{in: bytes.Clone(in)}, h, "")
	if err == nil && (self.Cluster != fuzzSelf.Cluster || self.ServerID() != h.to.ServerID()) {
		t.Fatalf("%+v was taken for the peer", self)
	}
}

// fuzzCodecs decodes in as everything that has a layout of its own.
func fuzzCodecs(t *testing.T, in []byte) {
	if h, err := decodeHello(in); err == nil && h.version == protoVersion {
		same(t, "hello", in, h.encode(), func(b []byte) (any, error) { h, err := decodeHello(b); return *h, err }, *h)
	}
	if v, err := decodeVerdict(in); err == nil {
		same(t, "verdict", in, v.encode(), func(b []byte) (any, error) { v, err := decodeVerdict(b); return fmt.Sprint(v), err }, fmt.Sprint(v))
	}
	if r, err := decodeRequest(in); err == nil && r.timeout.Milliseconds() <= 1<<31 {
		same(t, "request", in, r.encode(), func(b []byte) (any, error) { r, err := decodeRequest(b); return fmt.Sprint(r), err }, fmt.Sprint(r))
	}
	if code, msg, err := decodeCoded(in); err == nil && len(code) <= maxMethod && len(msg) <= maxReason {
		want := code + "\x00" + msg
		same(t, "code", in, encodeCoded(code, msg), func(b []byte) (any, error) {
			code, msg, err := decodeCoded(b)
			return code + "\x00" + msg, err
		}, want)
	}
	rest := bytes.NewReader(in)
	for {
		at := len(in) - rest.Len()
		fr, err := readFrame(rest, maxOpenBody)
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, errMalformed) && !errors.Is(err, ErrTooLarge) {
				t.Fatal(err)
			}
			return
		}
		if again := fuzzFrame(fr); !bytes.Equal(again, in[at:at+len(again)]) || cap(fr.payload) > maxOpenBody+frameRoom {
			t.Fatalf("a frame changed, or takes %d bytes", cap(fr.payload))
		}
	}
}

// same checks that an encoding begins what it was decoded from, and means the same.
func same(t *testing.T, what string, in, again []byte, decode func([]byte) (any, error), want any) {
	if !strings.HasPrefix(string(in), string(again)) {
		t.Fatalf("%s: %x became %x", what, in, again)
	}
	if got, err := decode(again); err != nil || got != want {
		t.Fatalf("%s: got %v, %v; want %v", what, got, err, want)
	}
}
