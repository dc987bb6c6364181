package keyspace

import (
	"bytes"
	"runtime"
	"testing"
)

// Strings of all sizes: copied, cloned and edited alike.
func TestStringsOfAllSizes(t *testing.T) {
	for n := range 140 {
		b := bytes.Repeat([]byte{'x'}, n)
		s := CopyString(b)
		if n > 0 {
			b[0] = 'y' // it is a copy
		}
		c := s.Clone().(*String)
		want := bytes.Repeat([]byte{'x'}, n)
		if !bytes.Equal(s.Bytes(), want) || s.Sticky() || c.Sticky() {
			t.Fatalf("%d bytes: %q, edited %v, %v", n, s.Bytes(), s.Sticky(), c.Sticky())
		}
		for i := range 40 {
			c.Append([]byte{byte('a' + i%26)})
			want = append(want, byte('a'+i%26))
		}
		c.SetRange(len(want)+3, []byte("end"))
		want = append(want, "\x00\x00\x00end"...)
		again := c.Clone().(*String)
		c.SetRange(0, []byte("other"))
		if !bytes.Equal(again.Bytes(), want) || !again.Sticky() {
			t.Errorf("%d bytes, edited: %q, want %q", n, again.Bytes(), want)
		}
		if !bytes.Equal(s.Bytes(), bytes.Repeat([]byte{'x'}, n)) {
			t.Errorf("%d bytes: an edit of the clone changed the original: %q", n, s.Bytes())
		}
	}
}

// A key and its string are one object, and what is in it is read back, up to its very end.
func TestStringsAreOneObject(t *testing.T) {
	s := NewDB().Slot(0)
	for key := range 20 {
		k := bytes.Repeat([]byte{'k'}, key)
		for n := range 140 {
			b := bytes.Repeat([]byte{'x'}, n)
			s.PutString(k, b, 0)
			if allocs := testing.AllocsPerRun(5, func() { s.PutString(k, b, 0) }); allocs != 1 {
				t.Fatalf("a key of %d bytes and a value of %d take %v objects", key, n, allocs)
			}
			v, _, ok := s.Lookup(k)
			if got := v.(*String); !ok || !bytes.Equal(got.Bytes(), b) || got.Len() != n || got.Sticky() {
				t.Fatalf("a key of %d bytes: %q, want %q", key, got.Bytes(), b)
			}
		}
	}
}

// Bytes of a string that was read stay what they were, whatever is done to the key, and whoever knows its value.
func TestStringsThatWereReadStay(t *testing.T) {
	for _, n := range []int{0, 3, 300, 3 * repackMax} {
		s := NewDB().Slot(0)
		want := bytes.Repeat([]byte{'x'}, n)
		s.PutString([]byte("a"), want, 0)
		v, _, _ := s.Lookup([]byte("a"))
		s.Put([]byte("b"), v, 0)
		s.Put([]byte("c"), v.Clone(), 0)
		for _, key := range []string{"a", "b", "c"} {
			edited := s.Edit([]byte(key)).(*String)
			edited.SetRange(0, []byte("edited"))
			edited.Append([]byte("more"))
		}
		s.Delete([]byte("a"))
		runtime.GC()
		if got := v.(*String).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("%d bytes became %q", n, got)
		}
	}
}

// Only what Slot.Edit returns can be edited.
func TestEditingWhatWasReadPanics(t *testing.T) {
	s := NewDB().Slot(0)
	s.PutString([]byte("k"), []byte("v"), 0)
	v, _, _ := s.Lookup([]byte("k"))
	str := v.(*String)
	for name, edit := range map[string]func(){
		"Set": func() { str.Set(nil) }, "SetRange": func() { str.SetRange(0, []byte("x")) },
		"Append": func() { str.Append([]byte("x")) }, "SetSticky": str.SetSticky,
	} {
		func() {
			defer func() {
				if recover() == nil || string(str.Bytes()) != "v" {
					t.Errorf("%s edits it", name)
				}
			}()
			edit()
		}()
	}
}
