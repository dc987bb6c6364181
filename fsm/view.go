package fsm

import "github.com/redoubtdb/redoubt/resp"

// ViewResult says what became of a view.
type ViewResult uint8

// The results of View.
const (
	Served   ViewResult = iota // the reply is written
	NotOwned                   // the slot's gate does not let the command run; nothing is written
	NeedTick                   // a key is past its time, which the members have yet to agree on; nothing is written
)

// View runs a read-only op on the present state and appends its reply to w. now is the caller's clock in
// ms. A key that expired by now but not by the machine's time makes the answer uncertain: see NeedTick.
func (m *Machine) View(op *Op, w *resp.Writer, now int64) ViewResult {
	if op.IsWrite() {
		panic("fsm: a view must not write")
	}
	r := m.views.Get().(*runner)
	defer m.views.Put(r)
	res := m.viewLocked(r, op, w, now)
	r.insert(w)
	return res
}

func (m *Machine) viewLocked(r *runner, op *Op, w *resp.Writer, now int64) ViewResult {
	machine := m.Now()
	if op.wide() {
		m.applying.RLock()
		defer m.applying.RUnlock()
	} else {
		s := m.db.Slot(uint16(op.Slot))
		s.RLock()
		defer s.RUnlock()
	}
	r.begin(max(now, machine), machine, m.status.views.Add(1))
	r.reseed()
	if ok, _ := r.admit(op); !ok {
		return NotOwned
	}
	mark := w.Len()
	r.op(op, w)
	if r.ctx.NeedTick {
		w.Truncate(mark)
		r.later = r.later[:0]
		return NeedTick
	}
	return Served
}
