package shardgroup

import (
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/slotmap"
)

// BenchmarkApply is a member that applies entries of one SET each as fast as it can, in a state of a
// million keys, with and without the patrol.
func BenchmarkApply(b *testing.B) {
	table, err := command.NewTable(command.Specs(), nil)
	if err != nil {
		b.Fatal(err)
	}
	m := newMember(1, &inflight{}, table, func(err error) { b.Fatal(err) })
	index := uint64(1)
	apply := func(keys ...string) {
		var e fsm.Encoder
		e.Begin(fsm.Header{Kind: fsm.KindCommands, Now: time.Now().UnixMilli(), Seed: index, Proposer: 2, Seq: index})
		for _, key := range keys {
			args := [][]byte{[]byte("SET"), []byte(key), []byte("12345678901234567890123456789012")}
			op := fsm.Op{Args: args, Slot: int32(slotmap.KeySlot(args[1]))}
			op.Spec, _ = table.Resolve(args)
			e.AddOp(&op)
		}
		index++
		m.Apply(index, 1, e.Finish())
	}
	m.Apply(index, 1, fsm.EncodeGates(fsm.Header{Now: 1}, []fsm.GateChange{{From: 0, To: slotmap.SlotCount - 1, Gate: fsm.GateOwned, Epoch: 1}}))
	for range 1000 {
		keys := make([]string, 1000)
		for i := range keys {
			keys[i] = "key:" + time.Duration(index*1000+uint64(i)).String()
		}
		apply(keys...)
	}
	for name, last := range map[string]time.Time{"with": {}, "without": time.Now().Add(24 * time.Hour)} {
		b.Run(name, func(b *testing.B) {
			m.samples.last = last
			for b.Loop() {
				apply("key:1")
			}
		})
	}
}
