package shardgroup

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/redoubtdb/redoubt/fsm"
	"github.com/redoubtdb/redoubt/shardgroup/replica"
)

// witnessMagic begins a witness's own snapshot: a marker without any data, which no
// data member's snapshot store accepts.
const witnessMagic = "REDOUBT-WITNESS1"

// rdbMagic begins a data member's snapshot.
const rdbMagic = "REDIS"

// witness is the state machine of a member that votes and keeps the log but holds
// no keys. All it reads from entries is how far back it must keep its log.
type witness struct {
	committed

	fail    func(error)
	halted  error // at the entry that could not be read; of the applier's goroutine
	applied atomic.Uint64
	safe    atomic.Uint64 // every data member has the log up to here
}

var (
	_ replica.StateMachine = (*witness)(nil)
	_ replica.Halter       = (*witness)(nil)
)

// Apply notes the safe index that ticks carry.
func (w *witness) Apply(index, term uint64, data []byte) {
	h, err := fsm.DecodeHeader(data)
	if err != nil {
		w.halt(fmt.Errorf("entry %d of term %d cannot be decoded: %w", index, term, err))
		return
	}
	if h.Kind == fsm.KindTick {
		tick, err := fsm.DecodeTick(data)
		if err != nil {
			w.halt(fmt.Errorf("tick %d of term %d cannot be decoded: %w", index, term, err))
			return
		}
		w.advance(tick.SafeIndex)
	}
	w.applied.Store(index)
}

// halt stops the witness at an entry: what it says must be kept is not known any more.
func (w *witness) halt(err error) {
	w.halted = err
	w.fail(err)
}

// Halted makes the replica give this member no entry after the one it halted at.
func (w *witness) Halted() error { return w.halted }

func (w *witness) advance(safe uint64) {
	if safe > w.safe.Load() {
		w.safe.Store(safe)
	}
}

// retain is the first index that must stay in the witness's log.
func (w *witness) retain() uint64 { return w.safe.Load() + 1 }

// Snapshot writes the marker.
func (w *witness) Snapshot() (replica.Snapshot, error) {
	return witnessSnapshot{safe: w.safe.Load()}, nil
}

// Restore reads the marker, or skips over the data of a whole snapshot that a leader
// sent: that one stays on disk, unloaded, ready for a data member that needs it.
func (w *witness) Restore(r io.Reader) error {
	br := bufio.NewReader(r)
	head, err := br.Peek(len(witnessMagic))
	if err != nil {
		return fmt.Errorf("reading the snapshot's head: %w", err)
	}
	if string(head) != witnessMagic {
		_, err := io.Copy(io.Discard, br)
		return err
	}
	var body [len(witnessMagic) + 8]byte
	if _, err := io.ReadFull(br, body[:]); err != nil {
		return fmt.Errorf("reading the witness marker: %w", err)
	}
	w.advance(binary.BigEndian.Uint64(body[len(witnessMagic):]))
	return nil
}

// witnessSnapshot is the marker: the magic and the safe index.
type witnessSnapshot struct{ safe uint64 }

func (s witnessSnapshot) Write(w io.Writer) error {
	_, err := w.Write(binary.BigEndian.AppendUint64([]byte(witnessMagic), s.safe))
	return err
}

func (witnessSnapshot) Release() {}

// CheckDataSnapshot is the test that a data member's snapshot store makes before it
// accepts a file: whole, undamaged, and not a witness's marker.
func CheckDataSnapshot(r io.Reader) error {
	br := bufio.NewReader(r)
	head, err := br.Peek(len(rdbMagic))
	if err != nil {
		return fmt.Errorf("reading the snapshot's head: %w", err)
	}
	if string(head) != rdbMagic {
		return fmt.Errorf("not a snapshot of data: it begins with %q", head)
	}
	return fsm.CheckSnapshot(br)
}

// CheckWitnessSnapshot accepts a witness's marker and whole snapshots of data.
func CheckWitnessSnapshot(r io.Reader) error {
	br := bufio.NewReader(r)
	head, err := br.Peek(len(witnessMagic))
	if err != nil {
		return fmt.Errorf("reading the snapshot's head: %w", err)
	}
	if string(head) == witnessMagic {
		return nil
	}
	return CheckDataSnapshot(br)
}
