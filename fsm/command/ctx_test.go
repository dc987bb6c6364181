package command

import (
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/fsm/keyspace"
	"github.com/redoubtdb/redoubt/resp"
)

const ctxNow = 5000

var ctxKey = []byte("k")

// newTestCtx returns a context over one slot that holds "k" with an expire time.
func newTestCtx(applying bool, machineNow, expire int64) *Ctx {
	db := keyspace.NewDB()
	c := &Ctx{W: &resp.Writer{}, DB: db, Slot: db.Slot(1), Now: ctxNow, MachineNow: machineNow, Rand: NewRand(1), Applying: applying}
	c.Slot.Put(ctxKey, keyspace.CopyString([]byte("v")), expire)
	return c
}

func TestCtxHidesExpiredKeys(t *testing.T) {
	tests := []struct {
		name               string
		machineNow, expire int64
		there, needTick    bool
	}{
		{"no expire time", 4000, 0, true, false},
		{"in the future", 4000, ctxNow + 1, true, false},
		{"in its last millisecond", 4000, ctxNow, true, false},
		{"past, and not agreed on", 4000, ctxNow - 1, false, true},
		{"past, the machine in its last millisecond", ctxNow - 1, ctxNow - 1, false, true},
		{"past, and agreed on", ctxNow, ctxNow - 1, false, false},
	}
	for _, tt := range tests {
		c := newTestCtx(false, tt.machineNow, tt.expire)
		if there := c.Get(ctxKey) != nil; there != tt.there || c.NeedTick != tt.needTick {
			t.Errorf("%s: there %v, tick %v", tt.name, there, c.NeedTick)
		}
		if at, there := c.ExpireAt(ctxKey); there != tt.there || there && at != tt.expire || !there && at != 0 {
			t.Errorf("%s: expire time %d, %v", tt.name, at, there)
		}
	}
}

func TestCtxTreatsExpiredKeysAsGone(t *testing.T) {
	const past = ctxNow - 1
	if c := newTestCtx(true, ctxNow, past); c.Del(ctxKey) || c.Slot.Len() != 0 {
		t.Error("Del reports an expired key, or leaves it")
	}
	if c := newTestCtx(true, ctxNow, past); c.Edit(ctxKey) != nil || c.SetExpireAt(ctxKey, ctxNow+9) || c.Persist(ctxKey) {
		t.Error("an expired key is edited")
	}
	c := newTestCtx(true, ctxNow, past)
	c.PutStringKeepTTL(ctxKey, []byte("new"))
	if at, ok := c.ExpireAt(ctxKey); at != 0 || !ok {
		t.Errorf("the new value inherits the expire time %d", at)
	}
}

func TestCtxExpireTimes(t *testing.T) {
	value := func() keyspace.Value { return keyspace.CopyString([]byte("new")) }
	tests := []struct {
		name string
		do   func(c *Ctx)
		want int64
	}{
		{"Put drops it", func(c *Ctx) { c.Put(ctxKey, value()) }, 0},
		{"PutExpireAt sets it", func(c *Ctx) { c.PutExpireAt(ctxKey, value(), 7000) }, 7000},
		{"PutString sets it", func(c *Ctx) { c.PutString(ctxKey, []byte("new"), 7000) }, 7000},
		{"PutStringKeepTTL keeps it", func(c *Ctx) { c.PutStringKeepTTL(ctxKey, []byte("new")) }, 9000},
		{"SetExpireAt sets it", func(c *Ctx) { c.SetExpireAt(ctxKey, 8000) }, 8000},
		{"Persist removes it", func(c *Ctx) { c.Persist(ctxKey) }, 0},
		{"Touched leaves it", func(c *Ctx) { c.Touched(ctxKey) }, 9000},
	}
	for _, tt := range tests {
		c := newTestCtx(true, ctxNow, 9000)
		before, _ := c.Slot.Rev(ctxKey)
		tt.do(c)
		if at, _ := c.ExpireAt(ctxKey); at != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, at, tt.want)
		}
		if after, _ := c.Slot.Rev(ctxKey); after == before {
			t.Errorf("%s: the revision stays", tt.name)
		}
	}
}

func TestViewMustNotWrite(t *testing.T) {
	value := keyspace.CopyString(nil)
	writes := map[string]func(c *Ctx){
		"Edit": func(c *Ctx) { c.Edit(ctxKey) }, "Put": func(c *Ctx) { c.Put(ctxKey, value) }, "Del": func(c *Ctx) { c.Del(ctxKey) },
		"PutExpireAt": func(c *Ctx) { c.PutExpireAt(ctxKey, value, 1) },
		"PutString":   func(c *Ctx) { c.PutString(ctxKey, nil, 1) }, "PutStringKeepTTL": func(c *Ctx) { c.PutStringKeepTTL(ctxKey, nil) },
		"SetExpireAt": func(c *Ctx) { c.SetExpireAt(ctxKey, 1) }, "Persist": func(c *Ctx) { c.Persist(ctxKey) },
		"Touched": func(c *Ctx) { c.Touched(ctxKey) }, "EditString": func(c *Ctx) { EditString(c, ctxKey) },
	}
	for name, write := range writes {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s writes in a view", name)
				}
			}()
			write(newTestCtx(false, ctxNow, 0))
		}()
	}
}

func TestTypedGetters(t *testing.T) {
	c := newTestCtx(true, ctxNow, 0)
	if s, ok := GetString(c, ctxKey); !ok || string(s.Bytes()) != "v" {
		t.Error("GetString")
	}
	if s, ok := GetString(c, []byte("none")); !ok || s != nil {
		t.Error("GetString of a missing key")
	}
	if s, ok := EditList(c, []byte("none")); !ok || s != nil {
		t.Error("EditList of a missing key")
	}
	for name, get := range map[string]func() bool{
		"GetList": func() bool { _, ok := GetList(c, ctxKey); return ok }, "EditList": func() bool { _, ok := EditList(c, ctxKey); return ok },
		"GetHash": func() bool { _, ok := GetHash(c, ctxKey); return ok }, "EditHash": func() bool { _, ok := EditHash(c, ctxKey); return ok },
		"GetSet": func() bool { _, ok := GetSet(c, ctxKey); return ok }, "EditSet": func() bool { _, ok := EditSet(c, ctxKey); return ok },
	} {
		c.W.Reset()
		if get() || !strings.HasPrefix(string(c.W.Bytes()), "-WRONGTYPE ") {
			t.Errorf("%s of a string: reply %q", name, c.W.Bytes())
		}
	}
}
