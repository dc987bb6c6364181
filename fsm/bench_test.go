package fsm

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/redoubtdb/redoubt/slotmap"
)

// full returns a machine with keys of 16 bytes and values of 32.
func full(b *testing.B, keys int) *rig {
	r := newRig(b)
	for i := range keys {
		key := fmt.Appendf(nil, "key:%012d", i)
		r.m.db.Slot(slotmap.KeySlot(key)).PutString(key, make([]byte, 32), 0)
	}
	return r
}

func BenchmarkSnapshot(b *testing.B) {
	const keys = 1_000_000
	r := full(b, keys)
	var file bytes.Buffer
	freeze := func() *Frozen { return r.m.Freeze() }
	b.Run("freeze", func(b *testing.B) {
		for b.Loop() {
			freeze().Release()
		}
	})
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			f := freeze()
			n, _ := f.WriteTo(io.Discard)
			b.SetBytes(n)
			f.Release()
		}
	})
	f := freeze()
	_, _ = f.WriteTo(&file)
	f.Release()
	b.ReportMetric(float64(file.Len())/keys, "bytes/key")
	b.Run("load", func(b *testing.B) {
		b.SetBytes(int64(file.Len()))
		for b.Loop() {
			if _, err := Load(bytes.NewReader(file.Bytes()), Options{Table: r.table}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("check", func(b *testing.B) {
		b.SetBytes(int64(file.Len()))
		for b.Loop() {
			if err := CheckSnapshot(bytes.NewReader(file.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
