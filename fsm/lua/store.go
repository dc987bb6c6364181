package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"
)

// maxIndex is where gopher-lua's arrays end.
const maxIndex = 1 << 26

// arrayIndex returns the key as an index of the array.
func arrayIndex(k glua.LValue) (int, bool) {
	n, ok := k.(glua.LNumber)
	if !ok || !(1 <= n && n < maxIndex) || n != glua.LNumber(int(n)) {
		return 0, false
	}
	return int(n), true
}

// rawSet is the only way in which a script's stores reach a table, but for those
// under constant names. It charges for what the table grows by and keeps the
// array from ending in nil: gopher-lua finds its length by going back from the end.
func (s *state) rawSet(L *glua.LState, t *glua.LTable, k, v glua.LValue) {
	if i, ok := arrayIndex(k); ok {
		s.setItem(L, t, i, v)
		return
	}
	switch k := k.(type) {
	case *glua.LNilType:
		s.fail(L, "table index is nil")
	case glua.LNumber:
		if math.IsNaN(float64(k)) {
			s.fail(L, "table index is NaN")
		}
	}
	there := t.RawGet(k) != glua.LNil
	switch {
	case v == glua.LNil && there:
		t.RawSet(k, v)
		s.deleted(t)
	case v != glua.LNil && !there:
		s.alloc(L, costField)
		s.rebuild(L, t)
		t.RawSet(k, v)
	case there:
		t.RawSet(k, v)
	}
}

func (s *state) setItem(L *glua.LState, t *glua.LTable, i int, v glua.LValue) {
	n := t.Len()
	switch {
	case v == glua.LNil && i > n:
	case v == glua.LNil:
		t.RawSetInt(i, v)
		if i == n {
			trim(t, n)
		}
	case i > n:
		s.alloc(L, (i-n)*costItem)
		s.spend(L, (i-n)/8)
		t.RawSetInt(i, v)
	default:
		t.RawSetInt(i, v)
	}
}

// trim cuts nils off the end of an array of n items.
func trim(t *glua.LTable, n int) {
	for ; n > 0 && t.RawGetInt(n) == glua.LNil; n-- {
		t.Remove(n)
	}
}

// grave counts the deleted fields of a table: gopher-lua keeps their places and
// walks over them when the table is traversed.
type grave struct {
	dead  int
	check int // number of dead at which to look whether to rebuild
}

// minRebuild is the number of deleted fields from which a table may be rebuilt.
const minRebuild = 64

func (s *state) deleted(t *glua.LTable) {
	if s.run.graves == nil {
		s.run.graves = map[*glua.LTable]*grave{}
	}
	g := s.run.graves[t]
	if g == nil {
		g = &grave{check: minRebuild}
		s.run.graves[t] = g
	}
	g.dead++
}

// rebuild drops the places of deleted fields once they are as many as the
// others. It is called before a field is added, when no traversal may be going on.
func (s *state) rebuild(L *glua.LState, t *glua.LTable) {
	g := s.run.graves[t]
	if g == nil || g.dead < g.check {
		return
	}
	live := 0
	for k, _ := t.Next(glua.LNil); k != glua.LNil && live <= g.dead; k, _ = t.Next(k) {
		live++
	}
	s.spend(L, g.dead+live)
	if live > g.dead {
		g.check = g.dead * 2
		return
	}
	fresh := L.CreateTable(t.Len(), live)
	for k, v := t.Next(glua.LNil); k != glua.LNil; k, v = t.Next(k) {
		fresh.RawSet(k, v)
	}
	fresh.Metatable = t.Metatable
	*t = *fresh
	delete(s.run.graves, t)
}
