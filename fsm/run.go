package fsm

import (
	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// runner runs commands one after another in a context it uses again. It has nothing to do with who asked
// for them. The machine has one for the applier and a pool of them for views.
type runner struct {
	m       *Machine
	applier bool
	ctx     command.Ctx
	inner   command.Ctx // of the command a script calls
	rand    command.Rand
	seed    uint64
	item    uint64 // number of the write in its entry
	keys    []int

	slot   int32         // the one slot the present op may touch; NoSlot: not known yet
	script *command.Spec // the script that is running

	locked    int32 // slot whose lock the applier holds, NoSlot if none
	lockedAll bool
	later     []insertion
}

// insertion is a frontend's command inside a transaction: its reply belongs at an offset of the writer.
type insertion struct {
	at  int
	run func(w *resp.Writer)
}

// readSeed tells the random numbers of reads from those of writes, which every member must draw alike.
const readSeed = 0x5bd1e995_9e3779b9

func (r *runner) init(m *Machine, applier bool) {
	r.m, r.applier, r.slot, r.locked = m, applier, NoSlot, NoSlot
	r.ctx = command.Ctx{DB: m.db, Rand: &r.rand, Applying: applier}
	r.ctx.Call = r.call
	r.inner = r.ctx
}

// begin sets the time for the ops that follow: now for the commands, machine that of the state.
func (r *runner) begin(now, machine int64, seed uint64) {
	r.ctx.Now, r.ctx.MachineNow, r.ctx.NeedTick = now, machine, false
	r.seed, r.item = seed, 0
}

// reseed gives the next write of an entry its own random numbers, whatever other ops have drawn.
func (r *runner) reseed() {
	r.item++
	r.rand.Seed(mix(r.seed ^ mix(r.item)))
}

// asReader lets the applier run a read as a view would, until asWriter.
func (r *runner) asReader() {
	r.ctx.Applying = false
	r.rand.Seed(mix(r.seed ^ mix(r.item) ^ readSeed))
}

func (r *runner) asWriter() { r.ctx.Applying = true }

// op runs an op that was admitted. It writes exactly one reply; the caller completes it by insert when
// it holds no slot's lock any more.
func (r *runner) op(op *Op, w *resp.Writer) {
	r.slot = op.Slot
	if op.isExec() {
		r.exec(op, w)
		return
	}
	r.one(op, w)
}

// exec runs a transaction unless a watched key has changed.
func (r *runner) exec(op *Op, w *resp.Writer) {
	for i := range op.Watch {
		if !r.unchanged(&op.Watch[i]) {
			w.NullArray()
			return
		}
	}
	w.Array(len(op.Queue))
	for i := range op.Queue {
		switch q := &op.Queue[i]; {
		case q.Spec != nil && q.Spec.Run != nil:
			r.one(q, w)
		case q.Local != nil:
			r.later = append(r.later, insertion{w.Len(), q.Local})
		}
	}
}

// insert runs the frontend's commands of the last transaction and puts their replies at their places. No
// slot's lock is held now, since such a command may look at any slot.
func (r *runner) insert(w *resp.Writer) {
	if len(r.later) == 0 {
		return
	}
	base := r.later[0].at
	rest := append([]byte(nil), w.Bytes()[base:]...)
	w.Truncate(base)
	for i := range r.later {
		end := base + len(rest)
		if i+1 < len(r.later) {
			end = r.later[i+1].at
		}
		r.later[i].run(w)
		w.Raw(rest[r.later[i].at-base : end-base])
	}
	clear(r.later)
	r.later = r.later[:0]
}

func (r *runner) unchanged(w *Watch) bool {
	slot := r.m.db.Slot(slotmap.KeySlot(w.Key))
	now := observe(slot, w.Key, r.ctx.Now)
	return now.Exists == w.Exists && now.Rev == w.Rev
}

// one runs a single command.
func (r *runner) one(op *Op, w *resp.Writer) {
	c := &r.ctx
	c.Args, c.W, c.Slot = op.Args, w, nil
	if op.Slot != NoSlot {
		c.Slot = r.m.db.Slot(uint16(op.Slot))
	}
	if c.Applying && logged(op.Spec) {
		r.expire(op.Spec, op.Args, c.Slot)
	}
	if scripting(op.Spec) {
		r.script = op.Spec
		defer func() { r.script = nil }()
	}
	op.Spec.Run(c)
	c.Args, c.W = nil, nil
}

// expire deletes those keys of a write that are past their time, so that no handler meets one.
func (r *runner) expire(s *command.Spec, args [][]byte, slot *keyspace.Slot) {
	if at, ok := r.m.db.NextExpiry(); slot == nil || !ok || !expired(at, r.ctx.Now) {
		return // no key at all is past its time
	}
	r.keys, _ = s.AppendKeyPositions(r.keys[:0], args) // the command itself reports what is wrong
	for _, at := range r.keys {
		if _, when, ok := slot.Lookup(args[at]); ok && expired(when, r.ctx.Now) {
			slot.Delete(args[at])
		}
	}
}

// admit asks the gate of the op's slot.
func (r *runner) admit(op *Op) (ok bool, why Gate) {
	if op.Slot == NoSlot {
		return true, GateOwned
	}
	return admit(r.m.gates[op.Slot], op.Asking, func() (here, missing int) { return r.count(op) })
}

// count returns how many keys of an op exist and how many do not.
func (r *runner) count(op *Op) (here, missing int) {
	for i := range op.Queue {
		h, m := r.count(&op.Queue[i])
		here, missing = here+h, missing+m
	}
	if op.Spec == nil || op.Slot == NoSlot || op.isExec() {
		return here, missing
	}
	slot := r.m.db.Slot(uint16(op.Slot))
	r.keys, _ = op.Spec.AppendKeyPositions(r.keys[:0], op.Args)
	for _, at := range r.keys {
		if observe(slot, op.Args[at], r.ctx.Now).Exists {
			here++
		} else {
			missing++
		}
	}
	return here, missing
}

// reach takes the locks of the slots that an op is known to change.
func (r *runner) reach(op *Op) {
	switch {
	case op.touches(allSlots):
		r.lockAll()
	case op.Slot != NoSlot:
		r.lock(op.Slot)
	}
}

func (r *runner) lock(slot int32) {
	if r.lockedAll || r.locked == slot {
		return
	}
	r.m.db.Slot(uint16(slot)).Lock()
	r.locked = slot
}

func (r *runner) lockAll() {
	if r.lockedAll {
		return
	}
	for i := range slotmap.SlotCount {
		if int32(i) != r.locked {
			r.m.db.Slot(uint16(i)).Lock()
		}
	}
	r.lockedAll = true
}

// leave gives the locks back.
func (r *runner) leave() {
	switch {
	case r.lockedAll:
		for i := range slotmap.SlotCount {
			r.m.db.Slot(uint16(i)).Unlock()
		}
	case r.locked != NoSlot:
		r.m.db.Slot(uint16(r.locked)).Unlock()
	}
	r.locked, r.lockedAll = NoSlot, false
}
