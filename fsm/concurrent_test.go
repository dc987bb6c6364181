package fsm

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redoubtdb/redoubt/resp"
)

// TestViewsWhileApplying reads, watches, saves and counts while entries are applied; the race detector
// looks on. Two keys of one slot always change together, so no reader may ever see them differ.
func TestViewsWhileApplying(t *testing.T) {
	r := newRig(t)
	r.run("MSET a{x} 0 b{x} 0", "RPUSH l e", "SADD s 1 2 3")
	var stop atomic.Bool
	var wg sync.WaitGroup
	loop := func(fn func() error) {
		wg.Go(func() {
			for !stop.Load() {
				if err := fn(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	view := func(line string, check func(reply string) bool) {
		op := r.op(line)
		var w resp.Writer
		loop(func() error {
			w.Reset()
			if res := r.m.View(&op, &w, 0); res != Served || !check(string(w.Bytes())) {
				return fmt.Errorf("%s: %v %q", line, res, w.Bytes())
			}
			return nil
		})
	}
	anything := func(string) bool { return true }
	view("MGET a{x} b{x}", func(reply string) bool {
		half := (len(reply) - len("*2\r\n")) / 2
		return reply[len("*2\r\n"):][:half] == reply[len("*2\r\n"):][half:]
	})
	view("LRANGE l 0 -1", anything)
	view("DBSIZE", anything)
	view("SCAN 0", anything)
	view("SRANDMEMBER s 2", anything)
	loop(func() error {
		f := r.m.Freeze()
		defer f.Release()
		digest := f.Digest()
		if _, err := f.WriteTo(io.Discard); err != nil {
			return err
		}
		if again := f.Digest(); again != digest {
			return fmt.Errorf("digest changed from %x to %x", digest, again)
		}
		return nil
	})
	loop(func() error {
		r.m.WatchKey([]byte("a{x}"))
		_, _, _, _ = r.m.Keys(), r.m.Now(), r.m.SlotLen(1), r.m.Owned()
		r.m.LogHash()
		return nil
	})
	for range 60 {
		r.now++
		r.run("MSET a{x} "+fmt.Sprint(r.now)+" b{x} "+fmt.Sprint(r.now), "RPUSH l e", "LPOP l", "SADD s "+fmt.Sprint(r.now%50), "SPOP s", "SET t 1 PX 1", "COPY t u{t}")
		r.apply(EncodeTick(r.header(), TickBody{}))
		if r.index%20 == 0 {
			r.run("FLUSHALL", "MSET a{x} 0 b{x} 0", "SADD s 1")
		}
	}
	stop.Store(true)
	wg.Wait()
}
