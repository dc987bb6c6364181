package fsm

import "encoding/binary"

// The body of a KindCommands entry is a sequence of items; integers are unsigned varints unless said:
//
//	command:      1, slot+1, flags(1 byte), arguments
//	transaction:  2, slot+1, flags(1 byte), watches, number of commands, each as command or placeholder
//	placeholder:  3      a frontend's command inside a transaction
//	arguments:    number, then each: length, bytes
//	watches:      number, then each: length, key, exists(1 byte), revision
const (
	itemCommand     = 1
	itemTransaction = 2
	itemPlaceholder = 3

	flagAsking = 1
	flagsKnown = flagAsking
)

// Encoder makes KindCommands entries. The zero value is ready.
type Encoder struct {
	buf []byte // kept for the next entry, unless it is large
}

// encoderKeepBytes is how much memory an Encoder keeps between two entries.
const encoderKeepBytes = 1 << 20

// Begin starts an entry.
func (e *Encoder) Begin(h Header) { e.buf = appendHeader(e.buf[:0], h) }

// AddOp appends a write.
func (e *Encoder) AddOp(op *Op) {
	if !op.isExec() {
		e.addCommand(op)
		return
	}
	e.begin(itemTransaction, op)
	e.number(uint64(len(op.Watch)))
	for i := range op.Watch {
		w := &op.Watch[i]
		e.bytes(w.Key)
		e.bool(w.Exists)
		e.number(w.Rev)
	}
	e.number(uint64(len(op.Queue)))
	for i := range op.Queue {
		if q := &op.Queue[i]; q.Local != nil {
			e.buf = append(e.buf, itemPlaceholder)
		} else {
			e.addCommand(q)
		}
	}
}

// Size returns the number of bytes so far.
func (e *Encoder) Size() int { return len(e.buf) }

// Finish returns the entry, which belongs to the caller.
func (e *Encoder) Finish() []byte {
	e.buf = seal(e.buf)
	entry := make([]byte, len(e.buf))
	copy(entry, e.buf)
	if cap(e.buf) > encoderKeepBytes {
		e.buf = nil
	}
	return entry
}

func (e *Encoder) addCommand(op *Op) {
	e.begin(itemCommand, op)
	e.number(uint64(len(op.Args)))
	for _, a := range op.Args {
		e.bytes(a)
	}
}

func (e *Encoder) begin(item byte, op *Op) {
	e.buf = append(e.buf, item)
	e.number(uint64(op.Slot + 1))
	e.bool(op.Asking)
}

func (e *Encoder) number(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }

func (e *Encoder) bytes(b []byte) {
	e.number(uint64(len(b)))
	e.buf = append(e.buf, b...)
}

func (e *Encoder) bool(b bool) {
	if b {
		e.buf = append(e.buf, 1)
	} else {
		e.buf = append(e.buf, 0)
	}
}

// EncodeNewTerm makes a new leader's first entry.
func EncodeNewTerm(h Header) []byte {
	h.Kind = KindNewTerm
	return seal(appendHeader(nil, h))
}

// TickBody is what a tick tells besides the time.
type TickBody struct {
	SafeIndex uint64 // every data member has the log up to here
}

// EncodeTick makes an entry that lets time go on and keys expire.
func EncodeTick(h Header, t TickBody) []byte {
	h.Kind = KindTick
	return seal(binary.LittleEndian.AppendUint64(appendHeader(nil, h), t.SafeIndex))
}

// EncodeDigest makes an entry after which members compare their states; id names the comparison.
func EncodeDigest(h Header, id uint64) []byte {
	h.Kind = KindDigest
	return seal(binary.LittleEndian.AppendUint64(appendHeader(nil, h), id))
}

// EncodeGates makes an entry that changes gates, in the order given.
func EncodeGates(h Header, changes []GateChange) []byte {
	h.Kind = KindGates
	return seal(appendGates(appendHeader(nil, h), changes))
}

// appendGates writes: number of changes, then each: from, to, gate(1 byte), epoch, ifEmpty(1 byte).
func appendGates(b []byte, changes []GateChange) []byte {
	e := Encoder{buf: b}
	e.number(uint64(len(changes)))
	for i := range changes {
		c := &changes[i]
		e.number(uint64(c.From))
		e.number(uint64(c.To))
		e.buf = append(e.buf, byte(c.Gate))
		e.number(c.Epoch)
		e.bool(c.IfEmpty)
	}
	return e.buf
}
