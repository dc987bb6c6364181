package keyspace

import (
	"bytes"
	"testing"
)

// Strings of all sizes, beside their data or not: copied, cloned and edited alike.
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

// A short string is one object.
func TestShortStringsAreOneObject(t *testing.T) {
	var s *String
	for _, n := range []int{0, 1, 8, 9, 16, 17, 32, 33, 48, 49, 64, 65, 80, 81, 112} {
		b := make([]byte, n)
		if allocs := testing.AllocsPerRun(100, func() { s = CopyString(b) }); allocs != 1 {
			t.Errorf("%d bytes take %v objects", n, allocs)
		}
	}
	_ = s
}
