package command

import (
	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

// Ctx is what a handler sees of the world: its arguments, the reply, the keys.
// One Ctx may serve many commands one after another; it is not for concurrent use.
//
// The accessors hide keys that are past their expire time, so that handlers
// never think of expiry. Those that change something may be called only while
// Applying; they panic otherwise, because a view that writes is our bug.
type Ctx struct {
	Args [][]byte     // the name included; valid during Run only
	W    *resp.Writer // muted on members whose client is elsewhere

	DB   *keyspace.DB
	Slot *keyspace.Slot // that of the command's keys; nil for keyless commands

	Now        int64 // ms since 1970: the entry's time when applying, the leader's clock in a view
	MachineNow int64 // ms: the time up to which expiry has been agreed on
	Rand       *Rand

	// Applying tells a committed command from a read-only view.
	Applying bool
	// NeedTick is set when a key was hidden because it expired by Now, while the
	// members have not yet agreed that it did (view only): the reply must not
	// leave the node before a tick has been applied.
	NeedTick bool

	// Call runs another command inside this one and writes its reply to w.
	Call func(args [][]byte, w *resp.Writer)
}

// Get returns the value of key to read from, nil if there is none.
func (c *Ctx) Get(key []byte) keyspace.Value {
	v, _ := c.lookup(key)
	return v
}

// Edit returns the value of key to change in place, nil if there is none. Call
// Touched after the change, or Del if the value became empty.
func (c *Ctx) Edit(key []byte) keyspace.Value {
	c.mustApply()
	if v, _ := c.lookup(key); v == nil {
		return nil
	}
	return c.Slot.Edit(key)
}

// Put stores v at key without an expire time.
func (c *Ctx) Put(key []byte, v keyspace.Value) {
	c.mustApply()
	c.Slot.Put(key, v, 0)
}

// PutExpireAt stores v at key with the expire time ms, 0 for none.
func (c *Ctx) PutExpireAt(key []byte, v keyspace.Value, ms int64) {
	c.mustApply()
	c.Slot.Put(key, v, ms)
}

// PutString stores a copy of the string b at key with the expire time ms, 0 for none.
func (c *Ctx) PutString(key, b []byte, ms int64) {
	c.mustApply()
	c.Slot.PutString(key, b, ms)
}

// PutStringKeepTTL stores a copy of the string b at key and keeps the expire time that key has.
func (c *Ctx) PutStringKeepTTL(key, b []byte) {
	c.mustApply()
	_, expire := c.lookup(key)
	c.Slot.PutString(key, b, expire)
}

// Del removes key and reports whether it was there.
func (c *Ctx) Del(key []byte) bool {
	c.mustApply()
	v, _ := c.lookup(key)
	return c.Slot.Delete(key) && v != nil
}

// ExpireAt returns the expire time of key in ms, 0 if it has none; false if
// there is no such key.
func (c *Ctx) ExpireAt(key []byte) (int64, bool) {
	v, expire := c.lookup(key)
	return expire, v != nil
}

// SetExpireAt gives key the expire time ms and reports whether key is there.
func (c *Ctx) SetExpireAt(key []byte, ms int64) bool {
	c.mustApply()
	if v, _ := c.lookup(key); v == nil {
		return false
	}
	c.Slot.SetExpire(key, ms)
	return true
}

// Persist removes the expire time of key and reports whether it had one.
func (c *Ctx) Persist(key []byte) bool {
	c.mustApply()
	if v, expire := c.lookup(key); v == nil || expire == 0 {
		return false
	}
	c.Slot.SetExpire(key, 0)
	return true
}

// Touched marks key as changed after its value was changed in place.
func (c *Ctx) Touched(key []byte) {
	c.mustApply()
	c.Slot.Touch(key)
}

// Hidden reports whether a key with this expire time is past it. Handlers that
// walk over many keys ask it for each; it sets NeedTick where Get would.
func (c *Ctx) Hidden(expire int64) bool {
	if expire == 0 || c.Now <= expire {
		return false
	}
	if c.MachineNow <= expire {
		c.NeedTick = true
	}
	return true
}

// lookup returns the value and expire time of key, nil and 0 if there is none.
func (c *Ctx) lookup(key []byte) (keyspace.Value, int64) {
	v, expire, ok := c.Slot.Lookup(key)
	if !ok || c.Hidden(expire) {
		return nil, 0
	}
	return v, expire
}

func (c *Ctx) mustApply() {
	if !c.Applying {
		panic("command: a read-only view must not change anything")
	}
}
