package fsm

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/persistence/rdb"
	"github.com/redoubtdb/redoubt/slotmap"
)

// filled returns a machine with something of everything.
func filled(t testing.TB) *rig {
	r := newRig(t)
	r.run("SET s 1", "SET raw hello", "APPEND raw x", "SET soon 1 PX 50", "SET empty x", "SETRANGE empty 0 y")
	for _, key := range []string{"l", "big{l}"} {
		r.run("RPUSH " + key + strings.Repeat(" element", 10*len(key)*len(key)))
	}
	for i := range 700 {
		n := string(rune('a'+i%26)) + string(rune('a'+i/26))
		r.run("SADD set "+n, "HSET hash "+n+" v", "SET k{many}"+n+" "+n)
	}
	r.run("SPOP set", "HDEL hash aa", "DEL k{many}aa", "SADD ints 1 2 3", "HSET h f v", "INCR s")
	r.apply(EncodeTick(r.header(), TickBody{SafeIndex: 3}))
	r.apply(EncodeGates(r.header(), []GateChange{{From: 100, To: 200, Gate: GateNone, Epoch: 5}, {From: 150, To: 150, Gate: GateImporting, Epoch: 6}}))
	return r
}

func TestLoadedMachineIsIdentical(t *testing.T) {
	r := filled(t)
	c := restored(t, r.m)
	identical(t, r.m, c)
	for slot := range uint16(slotmap.SlotCount) {
		g1, e1 := r.m.Gate(slot)
		if g2, e2 := c.Gate(slot); g1 != g2 || e1 != e2 {
			t.Fatalf("slot %d: gate %d,%d and %d,%d", slot, g1, e1, g2, e2)
		}
	}
	identical(t, New(Options{Table: r.table}), restored(t, New(Options{Table: r.table})))
}

func TestFrozenStaysAsItWas(t *testing.T) {
	r := filled(t)
	f := r.m.Freeze()
	defer f.Release()
	digest := f.Digest()
	r.run("APPEND raw more", "RPUSH l x", "LSET big{l} 0 y", "SADD set new", "HSET hash aa 1", "RENAME h g", "HSET g f w")
	r.run("FLUSHALL")
	if f.Digest() != digest {
		t.Error("what was frozen has changed")
	}
	if f.Index() != r.index-2 || f.Keys() == 0 {
		t.Error(f.Index(), f.Keys())
	}
}

func TestDamagedSnapshotsAreRefused(t *testing.T) {
	r := filled(t)
	b, _ := snapshot(t, r.m)
	if err := CheckSnapshot(bytes.NewReader(b)); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, at int, bad []byte) {
		t.Helper()
		if err := CheckSnapshot(bytes.NewReader(bad)); !errors.Is(err, ErrBadSnapshot) && !errors.Is(err, ErrVersion) {
			t.Errorf("%s at %d: %v", what, at, err)
		}
	}
	for n := 0; n < len(b); n += 1 + n/50 {
		refused("cut", n, b[:n])
	}
	refused("cut", len(b)-1, b[:len(b)-1])
	for n := 0; n < len(b); n += 1 + n/300 {
		bad := bytes.Clone(b)
		bad[n] ^= 0x10
		refused("flip", n, bad)
		copy(bad[len(bad)-8:], make([]byte, 8)) // Redis takes this for: no checksum
		if n < len(b)-8 {
			refused("flip without checksum", n, bad)
		}
	}
	if _, err := Load(bytes.NewReader(b[:len(b)/2]), Options{Table: r.table}); !errors.Is(err, ErrBadSnapshot) {
		t.Error(err)
	}
}

// TestForeignSnapshotsAreRefused writes well-formed files that no machine has written.
func TestForeignSnapshotsAreRefused(t *testing.T) {
	for name, write := range map[string]func(w *rdb.Writer){
		"of redis":  func(w *rdb.Writer) { w.SelectDB(0); w.ResizeDB(1, 0); w.String([]byte("a"), []byte("1")) },
		"empty":     func(w *rdb.Writer) {},
		"newer":     func(w *rdb.Writer) { auxNumber(w, auxVersion, snapshotVersion+1) },
		"repeated":  func(w *rdb.Writer) { auxNumber(w, auxIndex, 1); auxNumber(w, auxIndex, 1) },
		"bad field": func(w *rdb.Writer) { w.Aux(auxIndex, []byte("x")) },
		"keys early": func(w *rdb.Writer) {
			w.Aux(auxRun, []byte{0, 1, 2})
			w.String([]byte("a"), []byte("1"))
		},
	} {
		var b bytes.Buffer
		w := rdb.NewWriter(&b)
		w.Header(rdb.Version)
		write(w)
		if err := w.Footer(); err != nil {
			t.Fatal(err)
		}
		if err := CheckSnapshot(&b); !errors.Is(err, ErrBadSnapshot) && !errors.Is(err, ErrVersion) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type brokenPipe struct{ left int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.left -= len(b); p.left < 0 {
		return 0, os.ErrClosed
	}
	return len(b), nil
}

func TestWriteErrorsAreTold(t *testing.T) {
	f := filled(t).m.Freeze()
	defer f.Release()
	for _, n := range []int{0, 100, 5000} {
		if _, err := f.WriteTo(&brokenPipe{n}); !errors.Is(err, os.ErrClosed) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

// TestRedisAcceptsSnapshots asks Redis' own checker, where there is one.
func TestRedisAcceptsSnapshots(t *testing.T) {
	tool, err := exec.LookPath("redis-check-rdb")
	if err != nil {
		t.Skip("no redis-check-rdb on this machine")
	}
	b, _ := snapshot(t, filled(t).m)
	file := filepath.Join(t.TempDir(), "dump.rdb")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, file).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "RDB looks OK") {
		t.Errorf("%v\n%s", err, out)
	}
}
