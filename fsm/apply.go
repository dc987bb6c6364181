package fsm

import (
	"fmt"

	"github.com/redoubtdb/redoubt/resp"
)

// tickMaxKeys bounds the keys that one tick deletes; NextExpiry tells whether more are due.
const tickMaxKeys = 10_000

// Apply runs one committed entry. batch, on the member that made the entry, is the requests it was made
// of, in order: each of their writes takes the next item of the entry, decoded from the entry's bytes;
// a request that can be claimed gets its replies, and its reads and frontend commands run in between.
// An error means that the node must stop.
func (m *Machine) Apply(index, term uint64, entry []byte, batch []*Request) error {
	h, body, err := splitEntry(entry)
	if err != nil {
		return err
	}
	m.applying.Lock()
	defer m.applying.Unlock()
	if applied := m.Applied(); index <= applied {
		return fmt.Errorf("%w: %d after %d", ErrRepeated, index, applied)
	}
	m.status.now.Store(max(h.Now, m.Now()))
	if err := m.applyBody(h, body, batch); err != nil {
		return fmt.Errorf("entry %d: %w", index, err)
	}
	m.term = term
	m.chain(index, term, entry)
	m.publish(index)
	return nil
}

func (m *Machine) applyBody(h Header, body []byte, batch []*Request) error {
	switch h.Kind {
	case KindCommands:
		return m.applyCommands(h, body, batch)
	case KindTick:
		return m.applyTick(body)
	case KindGates:
		return m.applyGates(body)
	case KindDigest:
		_, err := decodeDigest(body)
		return err
	case KindNewTerm:
		d := decoder{rest: body}
		return d.end()
	}
	return fmt.Errorf("%w: kind %d of an entry", ErrVersion, h.Kind)
}

// chain adds the entry to the log's hash.
func (m *Machine) chain(index, term uint64, entry []byte) {
	s := &m.status
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hash = hash64(s.hash^mix(index)^mix(term<<1|1), entry)
	s.hashIndex = index
}

// publish updates what is readable without a lock; Applied last, since waiters look at it.
func (m *Machine) publish(index uint64) {
	s := &m.status
	s.keys.Store(int64(m.db.Len()))
	s.expires.Store(int64(m.db.Expires()))
	next, _ := m.db.NextExpiry()
	s.next.Store(next)
	s.applied.Store(index)
}

func (m *Machine) applyCommands(h Header, body []byte, batch []*Request) error {
	it := &m.items
	it.reset(body)
	defer it.release()
	m.run.begin(m.Now(), m.Now(), h.Seed)
	if len(batch) == 0 {
		for it.more() {
			if err := m.applyWrite(nil, nil); err != nil {
				return err
			}
		}
		return nil
	}
	for _, r := range batch {
		if err := m.applyRequest(r); err != nil {
			return err
		}
	}
	if it.more() {
		return ErrBatchMismatch
	}
	return nil
}

func (m *Machine) applyRequest(r *Request) error {
	claimed := r.Claim()
	for i := range r.Ops {
		op := &r.Ops[i]
		switch {
		case op.IsWrite() && claimed:
			if err := m.applyWrite(r, op); err != nil {
				return err
			}
		case op.IsWrite():
			if err := m.applyWrite(nil, nil); err != nil {
				return err
			}
		case !claimed:
		case op.Local != nil:
			op.Local(r.W)
		default:
			m.rideAlong(r, op)
		}
	}
	return nil
}

// applyWrite runs the next item of the entry. r and its op are nil where nobody waits for the reply.
func (m *Machine) applyWrite(r *Request, asked *Op) error {
	if !m.items.more() {
		return ErrBatchMismatch
	}
	op, err := m.items.next()
	if err != nil {
		return err
	}
	w := m.muted
	if r != nil {
		w = r.W
		if err := adoptLocals(op, asked); err != nil {
			return err
		}
	}
	m.run.reseed()
	m.run.reach(op)
	ok, why := m.run.admit(op)
	if ok {
		m.run.op(op, w)
	}
	m.run.leave()
	if !ok {
		refuse(r, asked, why)
		return nil
	}
	m.run.insert(w)
	return nil
}

// adoptLocals puts the frontend's commands of a transaction at their places.
func adoptLocals(op, asked *Op) error {
	if len(op.Queue) != len(asked.Queue) {
		return ErrBatchMismatch
	}
	for i := range op.Queue {
		op.Queue[i].Local = asked.Queue[i].Local
		if (op.Queue[i].Local == nil) != (op.Queue[i].Spec != nil) {
			return ErrBatchMismatch
		}
	}
	return nil
}

// rideAlong runs a read that waited behind writes of its connection.
func (m *Machine) rideAlong(r *Request, op *Op) {
	m.run.asReader()
	defer m.run.asWriter()
	if ok, why := m.run.admit(op); !ok {
		refuse(r, op, why)
		return
	}
	m.run.op(op, r.W)
	m.run.insert(r.W)
}

func refuse(r *Request, op *Op, why Gate) {
	switch {
	case r == nil:
	case r.Refuse == nil:
		r.W.Error(resp.ErrSlotNotServed)
	default:
		r.Refuse(r.W, op, why)
	}
}

func (m *Machine) applyTick(body []byte) error {
	t, err := decodeTick(body)
	if err != nil {
		return err
	}
	m.status.safe.Store(max(t.SafeIndex, m.SafeIndex()))
	for range tickMaxKeys {
		slot, key, ok := m.db.Due(m.Now())
		if !ok {
			break
		}
		s := m.db.Slot(slot)
		s.Lock()
		s.Delete(key)
		s.Unlock()
	}
	return nil
}

func (m *Machine) applyGates(body []byte) error {
	changes, err := decodeGates(body)
	if err != nil {
		return err
	}
	for i := range changes {
		c := &changes[i]
		for slot := int(c.From); slot <= int(c.To); slot++ {
			m.changeGate(uint16(slot), c)
		}
	}
	m.status.gates.Add(1) // after the last of them: see GateVersion
	return nil
}

// changeGate applies a change unless it is behind the times. What was released with an
// epoch can be opened again only with a newer one: whoever still has the older map must
// not take the slot back.
func (m *Machine) changeGate(slot uint16, c *GateChange) {
	s, gate, epoch := m.db.Slot(slot), &m.gates[slot], &m.epochs[slot]
	s.Lock()
	defer s.Unlock()
	reopens := c.Epoch == *epoch && *gate == GateNone && c.Gate != GateNone
	if c.Epoch < *epoch || reopens || c.IfEmpty && s.Len() > 0 {
		return
	}
	*gate, *epoch = c.Gate, c.Epoch
}
