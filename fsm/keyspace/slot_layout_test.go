package keyspace

import (
	"testing"
	"unsafe"
)

// The layout that makes reads of small slots cheap, where a pointer has eight bytes.
func TestSlotLayout(t *testing.T) {
	const line = 64
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the layout is made for pointers of eight bytes")
	}
	var s Slot
	if size := unsafe.Sizeof(s); size%line != 0 {
		t.Errorf("a slot of %d bytes does not end with a cache line", size)
	}
	dense := unsafe.Offsetof(s.dense)
	if end := dense + unsafe.Offsetof(s.dense.n) + unsafe.Sizeof(s.dense.n); end > line {
		t.Errorf("lock, first page and length take %d bytes", end)
	}
	if size := unsafe.Sizeof(record{}); size != 24 {
		t.Errorf("a record has %d bytes", size)
	}
}
