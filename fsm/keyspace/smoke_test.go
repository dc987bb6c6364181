package keyspace

import (
	"fmt"
	"testing"
)

func TestSmoke(t *testing.T) {
	db := NewDB()
	s := db.Slot(5)
	for i := range 5000 {
		s.Put(fmt.Appendf(nil, "key%d", i), CopyString(fmt.Appendf(nil, "v%d", i)), int64(i))
	}
	f := db.Freeze()
	for i := 0; i < 5000; i += 2 {
		if !s.Delete(fmt.Appendf(nil, "key%d", i)) {
			t.Fatal(i)
		}
	}
	for i := range 5000 {
		v, e, ok := s.Lookup(fmt.Appendf(nil, "key%d", i))
		if ok != (i%2 == 1) {
			t.Fatal(i, ok)
		}
		if ok && (e != int64(i) || string(v.(*String).Bytes()) != fmt.Sprintf("v%d", i)) {
			t.Fatal(i, e, v)
		}
	}
	n := 0
	f.Each(5, func(key []byte, v Value, expire int64, rev uint64) bool {
		if string(key) != fmt.Sprintf("key%d", n) || rev != uint64(n+1) {
			t.Fatal(n, string(key), rev)
		}
		n++
		return true
	})
	f.Release()
	if got := db.PopExpired(101, 1000); got != 51 {
		t.Fatal(got)
	}
	h, l, st := NewHash(), NewList(), NewSet()
	for i := range 3000 {
		k := fmt.Appendf(nil, "%d", i)
		h.Set(k, k)
		l.PushFront(k)
		l.PushBack(k)
		st.Add(k)
	}
	for i := range 3000 {
		k := fmt.Sprint(i)
		if v, ok := h.Get([]byte(k)); !ok || string(v) != k || !st.Has([]byte(k)) || string(l.Index(3000+i)) != k {
			t.Fatal(i)
		}
	}
	for i := range 3000 {
		k := fmt.Appendf(nil, "%d", i)
		if !h.Delete(k) || !st.Remove(k) {
			t.Fatal(i)
		}
	}
}
