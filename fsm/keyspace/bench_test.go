package keyspace

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"testing"

	"github.com/redoubtdb/redoubt/slotmap"
)

// BenchmarkMemory reports the heap bytes a key of 16 bytes with a string value of 32 bytes takes, a
// million of them spread over all slots.
func BenchmarkMemory(b *testing.B) {
	const keys = 1_000_000
	for b.Loop() {
		before := heap()
		db := NewDB()
		fill(db, keys)
		b.ReportMetric(float64(heap()-before)/keys, "bytes/key")
		runtime.KeepAlive(db)
	}
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func fill(db *DB, keys int) {
	var value [32]byte
	for i := range keys {
		key := fmt.Appendf(nil, "key:%012d", i)
		binary.BigEndian.PutUint64(value[:], uint64(i))
		db.Slot(slotmap.KeySlot(key)).PutString(key, value[:], 0)
	}
}

func BenchmarkFreeze(b *testing.B) {
	db := NewDB()
	fill(db, 1_000_000)
	for b.Loop() {
		db.Freeze().Release()
	}
}

// BenchmarkLookup finds keys at random, few a slot and many, and reads their values.
func BenchmarkLookup(b *testing.B) {
	for _, keys := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(keys), func(b *testing.B) {
			db := NewDB()
			fill(db, keys)
			names := make([][]byte, 1<<16)
			slots := make([]*Slot, len(names))
			for i := range names {
				names[i] = fmt.Appendf(nil, "key:%012d", i*7919%keys)
				slots[i] = db.Slot(slotmap.KeySlot(names[i]))
			}
			i, sum := 0, 0
			for b.Loop() {
				v, _, _ := slots[i&(len(names)-1)].Lookup(names[i&(len(names)-1)])
				sum += int(v.(*String).Bytes()[7])
				i++
			}
		})
	}
}

// BenchmarkGrow adds members to one set and reports the slowest addition.
func BenchmarkGrow(b *testing.B) {
	for b.Loop() {
		s := NewSet()
		for i := range 1_000_000 {
			s.Add(fmt.Append(nil, i))
		}
	}
}

func BenchmarkListEnds(b *testing.B) {
	e := []byte("element of a list, of thirty-two")
	b.Run("queue", func(b *testing.B) {
		l := NewList()
		b.ReportAllocs()
		for b.Loop() {
			l.PushBack(e)
			l.PopFront()
		}
	})
	b.Run("front", func(b *testing.B) {
		l := NewList()
		b.ReportAllocs()
		for b.Loop() {
			l.PushFront(e)
		}
	})
	b.Run("back", func(b *testing.B) {
		l := NewList()
		b.ReportAllocs()
		for b.Loop() {
			l.PushBack(e)
		}
	})
}
