package bus_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// What the bus promises to keep of those whom nobody vouches for.
const (
	lobbySize     = 512
	strangersSize = 128
	openHandlers  = 256
	attackers     = 1000
)

// peersGetIn lets a make calls to b on new connections, and open one for a group.
func peersGetIn(t *testing.T, a *node) {
	t.Helper()
	for range 20 {
		began := time.Now()
		if got, err := a.Call(t.Context(), "b:1", "echo", []byte("x")); err != nil || string(got) != "a x" {
			t.Fatalf("%q %v", got, err)
		}
		conn, err := a.Dial(chanG, "b:1", time.Second)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.Close()
		if d := time.Since(began); d > 100*time.Millisecond {
			t.Fatalf("it took %v", d)
		}
	}
}

// kept counts the connections that the other end has not closed, and forgets what it said.
func kept(conns []net.Conn) (n int) {
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(time.Microsecond))
		_, err := c.Read(make([]byte, 100))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			n++
		}
	}
	return n
}

// A thousand connections, of every kind that does not finish its handshake, are held open and
// made again: peers get in all the same, no more than the promised number is kept, and each ends.
func TestPeersGetInThroughACrowd(t *testing.T) {
	for _, secret := range []string{"", "s"} {
		inBubble(t, func(t *testing.T, f *fleet) {
			a, b := f.open("c", "a", secret), f.open("c", "b", secret)
			b.Handle("echo", echo)
			_ = layer(t, b)
			idle, whole := runtime.NumGoroutine(), opening(0, 'r', "c", "a", "1", "b", "1")
			for round := range 3 {
				var held []net.Conn
				for i := range attackers {
					c := f.rawDial("b")
					held = append(held, c)
					_, _ = c.Write([][]byte{nil, []byte("RDBT"), whole[:40], []byte("GET / HTTP/1.1\r\n\r\n"), {0}}[(i+round)%5])
					synctest.Wait()
					if i%100 == 99 {
						peersGetIn(t, a)
					}
				}
				if n := runtime.NumGoroutine() - idle; n > lobbySize+50 {
					t.Fatalf("%d goroutines for %d connections", n, attackers)
				}
				if n := kept(held); n > lobbySize || n < lobbySize/2 {
					t.Fatalf("%d connections are kept", n)
				}
				a.id.Store(&bus.Identity{Cluster: "c", Node: "a", Incarnation: fmt.Sprint("later ", round)}) // new connections, please
			}
			time.Sleep(4 * time.Second)
			synctest.Wait()
			if n := runtime.NumGoroutine() - idle; n > 20 {
				t.Fatalf("%d goroutines are left", n)
			}
		})
	}
}

// Strangers that have said who they are may ask the open methods; that they hold their
// connections keeps neither peers nor other strangers out.
func TestStrangersMakeRoom(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b, s := f.open("c", "a", ""), f.open("c", "b", ""), f.open("other", "s", "")
		b.Handle("echo", echo)
		b.HandleOpen("meet", echo)
		_ = layer(t, b)
		var held []net.Conn
		for i := range attackers {
			held = append(held, f.rawDial("b"))
			strangerHello(t, held[i])
			if i%100 == 99 {
				peersGetIn(t, a)
				if got, err := s.CallAddr(t.Context(), "b:17000", "meet", []byte("hi")); err != nil || string(got) != "s hi" {
					t.Fatalf("%q %v", got, err)
				}
			}
		}
		synctest.Wait()
		if n := kept(held); n > strangersSize || n < strangersSize/2 {
			t.Fatalf("%d connections are kept", n)
		}
		if d := ends(t, held[attackers-1]); d < time.Second || d > 6*time.Second {
			t.Fatalf("a stranger that says nothing was kept for %v", d)
		}
	})
}

// A stranger who waits for a slow answer is no idle one: he stays, though others come and go.
func TestSlowAnswerToAStranger(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		b, s := f.open("c", "b", ""), f.open("other", "s", "")
		b.HandleOpen("meet", func(_ context.Context, from bus.Identity, _ []byte) ([]byte, error) {
			time.Sleep(20 * time.Second)
			return []byte("at last, " + from.Node), nil
		})
		go func() {
			for range 900 {
				time.Sleep(20 * time.Millisecond)
				strangerHello(t, f.rawDial("b"))
			}
		}()
		if got, err := s.CallAddr(t.Context(), "b:17000", "meet", nil); err != nil || string(got) != "at last, s" {
			t.Fatalf("%q %v", got, err)
		}
	})
}

// Requests that are cancelled at once, or whose connection is gone at once, do not pile up
// handlers which are slow to notice.
func TestCancelledCallsCount(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		b := f.open("c", "b", "")
		var running, most atomic.Int64
		b.HandleOpen("slow", func(context.Context, bus.Identity, []byte) ([]byte, error) {
			n := running.Add(1)
			defer running.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Minute)
			return nil, nil
		})
		payload := append([]byte{0, 0, 0, 0, 0, 4}, "slow"...)
		for range 200 {
			c := f.rawDial("b")
			strangerHello(t, c)
			for id := range uint64(20) {
				_, _ = c.Write(append(frameHeader(9+len(payload), 1, id), payload...))
				_, _ = c.Write(frameHeader(9, 5, id))
			}
			synctest.Wait()
			_ = c.Close()
			synctest.Wait()
		}
		if n := most.Load(); n > openHandlers || n < 4 {
			t.Fatalf("%d handlers at a time", n)
		}
		time.Sleep(2 * time.Minute)
		s := f.open("other", "s", "")
		if _, err := s.CallAddr(t.Context(), "b:17000", "slow", nil); err != nil {
			t.Fatalf("afterwards: %v", err)
		}
	})
}

func frameHeader(length int, kind byte, id uint64) []byte {
	return binary.BigEndian.AppendUint64(append(binary.BigEndian.AppendUint32(nil, uint32(length)), kind), id)
}

// A bus that answers calls for years keeps nothing of them.
func TestCallsLeaveNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("echo", echo)
		const calls = 5000
		call := func(n int) {
			for range n {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				if _, err := a.Call(ctx, "b:1", "echo", nil); err != nil {
					t.Fatal(err)
				}
				cancel()
			}
		}
		objects := func() uint64 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			return m.HeapObjects
		}
		call(100)
		before := objects()
		call(calls)
		if after := objects(); after > before+calls/2 {
			t.Fatalf("%d objects are left of %d calls", after-before, calls)
		}
	})
}

// transcript writes the parts one after the other, each after an answer to the one before, and
// returns all that came.
func (f *fleet) transcript(name string, parts ...func(answer []byte) []byte) []byte {
	f.t.Helper()
	c := f.rawDial(name)
	var all, answer []byte
	for _, part := range parts {
		_, _ = c.Write(part(answer))
		answer = make([]byte, 4096)
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, _ := c.Read(answer)
		answer = answer[:n]
		all = append(all, answer...)
	}
	rest, _ := io.ReadAll(c)
	return append(all, rest...)
}

// With a secret, whoever has not proved that he knows it learns nothing from the bytes on the
// wire: every preamble is answered with a challenge and every proof with the same refusal, and
// anything else with nothing.
func TestNothingBeforeProof(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		b := f.open("c", "b", "s")
		var ran atomic.Bool
		b.HandleOpen("meet", func(context.Context, bus.Identity, []byte) ([]byte, error) { ran.Store(true); return nil, nil })
		b.admit = func(bus.Identity, bus.Channel) error { ran.Store(true); return nil }
		_ = layer(t, b)
		say := func(m []byte) func([]byte) []byte { return func([]byte) []byte { return m } }
		proof := func(key string) func([]byte) []byte {
			return func(challenge []byte) []byte {
				return proofOf(key, opening(0, 'r', "c", "a", "1", "b", "1"), challenge)
			}
		}
		refusal := append([]byte{4, 0, 14, 0, 4}, "auth\x00\x00\x00\x00\x00\x00\x00\x00"...)
		whole, newer := opening(0, 'r', "c", "a", "1", "b", "1"), opening(0, 'r', "c", "a", "1", "b", "1")
		newer[7] = 2
		for what, m := range map[string][]byte{
			"a member": opening(0, 'r', "c", "a", "1", "b", "1"), "a group's member": opening(0, 'g', "c", "a", "1", "b", "1"),
			"no such channel": opening(0, 'z', "c", "a", "1", "b", "1"), "another cluster": opening(0, 'r', "d", "a", "1", "b", "1"),
			"another node": opening(0, 'r', "c", "a", "1", "z", "1"), "an older incarnation": opening(0, 'r', "c", "a", "1", "b", "0"),
			"a stranger": opening(1, 'r', "d", "a", "1", "", ""), "nobody": opening(0, 'r', "", "", "", "", ""), "a newer version": newer,
		} {
			for how, second := range map[string][]func([]byte) []byte{
				"a wrong proof": {proof("t")}, "an empty secret": {proof("")}, "a short proof": {say([]byte{3, 0, 1, 7})}, "no proof": {say([]byte{3, 0, 0})},
				"a request instead": {say(append(frameHeader(19, 1, 1), 0, 0, 0, 0, 0, 4, 'm', 'e', 'e', 't'))},
			} {
				out := f.transcript("b", append([]func([]byte) []byte{say(m)}, second...)...)
				if len(out) != 35+len(refusal) || !bytes.Equal(out[:3], []byte{2, 0, 32}) || !bytes.Equal(out[35:], refusal) {
					t.Errorf("%s, %s: answered %q", what, how, out)
				}
			}
			if out := f.transcript("b", say(m)); len(out) < 35 || len(out) > 35 && !bytes.Equal(out[35:], refusal) {
				t.Errorf("%s, silent after the challenge: answered %q", what, out)
			}
		}
		for what, m := range map[string][]byte{
			"half a preamble": whole[:50], "http": []byte("GET / HTTP/1.1\r\n\r\n"), "redis": []byte("*1\r\n$4\r\nPING\r\n"), "a proof": {3, 0, 1, 7},
			"a preamble with a length that lies": append([]byte("RDBT\x01\xff\xff"), whole[7:]...),
			"a preamble cut inside a name":       append([]byte("RDBT\x01\x00\x30"), whole[7:7+48]...),
		} {
			if out := f.transcript("b", say(m)); len(out) > 0 {
				t.Errorf("%s: answered %q", what, out)
			}
		}
		if ran.Load() || len(b.Links()) > 0 {
			t.Error("somebody got in")
		}
		if out := f.transcript("b", say(opening(0, 'r', "c", "a", "1", "b", "1")), proof("s")); len(out) < 60 || bytes.Equal(out[35:], refusal) {
			t.Errorf("with the right proof: answered %q", out) // or else all of the above shows nothing
		}
	})
}

// proofOf answers a challenge message as a caller with that secret does.
func proofOf(secret string, hello, challenge []byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	for _, p := range [][]byte{[]byte("redoubt bus 1 caller"), hello[7:], challenge[min(3, len(challenge)):]} {
		h.Write(binary.BigEndian.AppendUint16(nil, uint16(len(p))))
		h.Write(p)
	}
	return append([]byte{3, 0, 32}, h.Sum(nil)...)
}

// A conversation that was overheard opens no second one, and a proof is none in the other direction.
func TestOverheardProof(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		f.open("c", "b", "s")
		hello := opening(0, 'r', "c", "a", "1", "b", "1")
		var overheard []byte
		first := f.transcript("b", func([]byte) []byte { return hello }, func(challenge []byte) []byte {
			overheard = proofOf("s", hello, challenge)
			return overheard
		})
		again := f.transcript("b", func([]byte) []byte { return hello }, func([]byte) []byte { return overheard })
		if len(first) < 60 || len(again) >= 60 || bytes.Equal(first[:35], again[:35]) {
			t.Fatalf("first %q, then %q", first, again)
		}
		reflected := f.transcript("b", func([]byte) []byte { return hello }, func([]byte) []byte { return append([]byte{3, 0, 32}, first[len(first)-32:]...) })
		if len(reflected) >= 60 {
			t.Fatalf("the callee's own proof was accepted: %q", reflected)
		}
	})
}

// A member's frames are believed even less than a stranger's where they announce much and bring little.
func TestMemberThatPromisesMuch(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a, b := f.open("c", "a", ""), f.open("c", "b", "")
		b.Handle("echo", echo)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 200 {
			c := f.rawDial("b")
			_, _ = c.Write(opening(0, 'r', "c", "x", "1", "b", "1"))
			_, _ = c.Write(append(frameHeader(bus.MaxBody, 1, 1), make([]byte, 1000)...))
			synctest.Wait()
		}
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 { // 3.2 GB were promised
			t.Fatalf("%d bytes allocated", grown)
		}
		if _, err := a.Call(t.Context(), "b:1", "echo", nil); err != nil {
			t.Fatal(err)
		}
	})
}

// Whoever is dialed may be anybody, too: what he answers to our preamble is bounded and in time.
func TestHostileCallee(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fleet) {
		a := f.open("c", "a", "s")
		l, err := f.net.Host("b").Listen("b:17000")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		answers := [][]byte{nil, {4}, {2, 0xff, 0xff}, {2, 0, 0}, append([]byte{4, 0, 10}, make([]byte, 10)...), bytes.Repeat([]byte{4}, 9000), []byte("HTTP/1.1 400\r\n\r\n")}
		go func() {
			for i := 0; ; i++ {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write(answers[i%len(answers)])
				defer c.Close() // at the end: the connection stays half open
			}
		}()
		for range answers {
			began := time.Now()
			_, err := a.Call(t.Context(), "b:1", "echo", nil)
			if !errors.Is(err, bus.ErrNotSent) || time.Since(began) > 4*time.Second {
				t.Fatalf("%v after %v", err, time.Since(began))
			}
		}
		if n := len(a.Links()); n > 0 {
			t.Fatalf("%d links are left", n)
		}
	})
}
