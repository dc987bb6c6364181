package fsm

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/slotmap"
)

// decoder reads an entry's body. The first fault sticks in bad, and everything read after it is zero.
// What it returns aliases the entry.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) fail() { d.bad, d.rest = true, nil }

func (d *decoder) err() error {
	if d.bad {
		return fmt.Errorf("%w: malformed body", ErrCorrupt)
	}
	return nil
}

// end is err for a body that must be over now.
func (d *decoder) end() error {
	if len(d.rest) > 0 {
		d.fail()
	}
	return d.err()
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

// count reads a number of things that take at least one byte each.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

func (d *decoder) byte() byte {
	if len(d.rest) == 0 {
		d.fail()
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) bool() bool {
	b := d.byte()
	if b > 1 {
		d.fail()
	}
	return b == 1
}

// bytes returns a string; its capacity ends with it, so that appending copies.
func (d *decoder) bytes() []byte {
	n := d.count()
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) fixed64() uint64 {
	if len(d.rest) < 8 {
		d.fail()
		return 0
	}
	n := binary.LittleEndian.Uint64(d.rest)
	d.rest = d.rest[8:]
	return n
}

// items reads the commands of an entry one after another into one Op, whose memory it uses again.
type items struct {
	decoder
	table *command.Table
	op    Op
	args  [][]byte // of all commands of op
	err   error    // what is wrong beside the structure
}

func (it *items) reset(body []byte) {
	it.decoder = decoder{rest: body}
	it.err = nil
}

// more reports whether another item follows.
func (it *items) more() bool { return len(it.rest) > 0 }

// next reads one item. The op is valid until the next call.
func (it *items) next() (*Op, error) {
	it.args = it.args[:0]
	op := &it.op
	*op = Op{Queue: op.Queue[:0], Watch: op.Watch[:0]}
	switch it.byte() {
	case itemCommand:
		it.command(op)
	case itemTransaction:
		it.transaction(op)
	default:
		it.fail()
	}
	if it.bad {
		return nil, it.decoder.err()
	}
	return op, it.err
}

// release forgets the entry, keeping the memory for the next one.
func (it *items) release() {
	clear(it.args[:cap(it.args)])
	clear(it.op.Queue[:cap(it.op.Queue)])
	clear(it.op.Watch[:cap(it.op.Watch)])
	it.rest = nil
}

func (it *items) place(op *Op) {
	slot, flags := it.number(), it.byte()
	if slot > slotmap.SlotCount || flags&^flagsKnown != 0 {
		it.fail()
	}
	op.Slot, op.Asking = int32(slot)-1, flags&flagAsking != 0
}

func (it *items) command(op *Op) {
	it.place(op)
	from := len(it.args)
	for range it.count() {
		it.args = append(it.args, it.bytes())
	}
	op.Args = it.args[from:len(it.args):len(it.args)]
	if it.bad || len(op.Args) == 0 {
		it.fail()
		return
	}
	var text string
	if op.Spec, text = it.table.Resolve(op.Args); op.Spec == nil || op.Spec.Run == nil {
		it.err = fmt.Errorf("%w: %q %s", ErrUnknownCommand, op.Args[0], text)
	}
}

func (it *items) transaction(op *Op) {
	it.place(op)
	for range it.count() {
		op.Watch = append(op.Watch, Watch{Key: it.bytes(), Exists: it.bool(), Rev: it.number()})
	}
	for range it.count() {
		op.Queue = append(op.Queue, Op{Slot: NoSlot})
		switch q := &op.Queue[len(op.Queue)-1]; it.byte() {
		case itemCommand:
			it.command(q)
		case itemPlaceholder:
		default:
			it.fail()
		}
		if it.bad {
			return
		}
	}
}

// DecodeTick returns the body of a tick.
func DecodeTick(entry []byte) (TickBody, error) {
	h, body, err := splitEntry(entry)
	if err != nil {
		return TickBody{}, err
	}
	if h.Kind != KindTick {
		return TickBody{}, fmt.Errorf("%w: kind %d is no tick", ErrCorrupt, h.Kind)
	}
	return decodeTick(body)
}

func decodeTick(body []byte) (TickBody, error) {
	d := decoder{rest: body}
	t := TickBody{SafeIndex: d.fixed64()}
	return t, d.end()
}

// decodeDigest returns the id of a comparison.
func decodeDigest(body []byte) (id uint64, err error) {
	d := decoder{rest: body}
	id = d.fixed64()
	return id, d.end()
}

func decodeGates(body []byte) ([]GateChange, error) {
	d := decoder{rest: body}
	n := d.count()
	changes := make([]GateChange, 0, n)
	for range n {
		from, to := d.number(), d.number()
		c := GateChange{From: uint16(from), To: uint16(to), Gate: Gate(d.byte()), Epoch: d.number(), IfEmpty: d.bool()}
		if from|to > math.MaxUint16 || !c.valid() {
			d.fail()
			break
		}
		changes = append(changes, c)
	}
	return changes, d.end()
}
