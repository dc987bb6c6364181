package persistence

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"slices"
)

// Bolt believes its pages: a damaged number can send it round in circles until memory is
// full, or make it panic where nobody can recover. So the tree is walked here first, each
// page once, and everything in it that bolt would follow is checked. Bolt packs pages
// tightly, so that elements which are not counted any more show as a gap. What is not seen is
// a number that leads to a whole page of an earlier transaction.
//
// The layout, numbers in the machine's order (little endian wherever this runs):
//
//	page:    id:8 flags:2 count:2 overflow:4, then count elements, then what they point at
//	branch:  pos:4 ksize:4 page:8            pos counts from the element's own beginning
//	leaf:    flags:4 pos:4 ksize:4 vsize:4
//	bucket:  root:8 sequence:8               a value with flag 1; root 0: a page follows
//	meta:    magic:4 version:4 pagesize:4 flags:4 root:8 sequence:8 freelist:8 pages:8 tx:8 sum:8
const (
	boltMagic       = 0xED0CDAED
	boltVersion     = 2
	boltHeaderBytes = 16
	boltElemBytes   = 16
	boltBucketBytes = 16
	boltMetaBytes   = 64
	boltSumAt       = 56
	boltBranch      = 0x01
	boltLeaf        = 0x02
	boltIsBucket    = 0x01 // of a leaf's element
	minBoltPage     = 1 << 10
	maxBoltPage     = 64 << 10
)

var errBoltPage = errors.New("damaged page")

// boltMeta is what a bolt file's head says.
type boltMeta struct {
	pageSize        int
	root, pages, tx uint64
}

// boltWalk is a walk through a bolt file.
type boltWalk struct {
	file *os.File
	meta boltMeta
	seen map[uint64]bool
	top  []string // names of the buckets that the root holds

	within int // buckets that the walk is in
}

// checkBoltPages walks a bolt file.
func checkBoltPages(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	meta, err := readBoltMeta(f)
	if err != nil {
		return err
	}
	if int64(meta.pages) > info.Size()/int64(meta.pageSize) {
		return fmt.Errorf("file of %d bytes, should be %d pages of %d", info.Size(), meta.pages, meta.pageSize)
	}
	w := &boltWalk{file: f, meta: meta, seen: map[uint64]bool{}}
	if err := w.tree(meta.root); err != nil {
		return err
	}
	if !slices.Equal(w.top, []string{"conf", "logs"}) {
		return fmt.Errorf("buckets %q, should be conf and logs", w.top) // missing ones would be made anew, empty
	}
	return nil
}

// readBoltMeta returns the newer of the two heads that is whole.
func readBoltMeta(f *os.File) (newest boltMeta, err error) {
	found := false
	for _, at := range boltMetaPlaces() {
		b := make([]byte, boltHeaderBytes+boltMetaBytes)
		if _, err := f.ReadAt(b, at); err != nil {
			continue
		}
		if m, ok := parseBoltMeta(b[boltHeaderBytes:]); ok && (!found || m.tx > newest.tx) {
			newest, found = m, true
		}
	}
	if !found {
		return newest, errors.New("neither head is whole")
	}
	return newest, nil
}

// boltMetaPlaces are where heads may stand: the second page's place depends on the page
// size, which the first may not tell any more.
func boltMetaPlaces() []int64 {
	places := []int64{0}
	for size := int64(minBoltPage); size <= maxBoltPage; size *= 2 {
		places = append(places, size)
	}
	return places
}

func parseBoltMeta(b []byte) (m boltMeta, ok bool) {
	sum := fnv.New64a()
	_, _ = sum.Write(b[:boltSumAt])
	le := binary.LittleEndian
	m = boltMeta{pageSize: int(le.Uint32(b[8:])), root: le.Uint64(b[16:]), pages: le.Uint64(b[40:]), tx: le.Uint64(b[48:])}
	whole := le.Uint32(b) == boltMagic && le.Uint32(b[4:]) == boltVersion && le.Uint64(b[boltSumAt:]) == sum.Sum64()
	return m, whole && m.pageSize >= minBoltPage && m.pageSize <= maxBoltPage
}

// tree walks a page and all below it.
func (w *boltWalk) tree(id uint64) error {
	b, err := w.page(id)
	if err != nil {
		return err
	}
	return w.elements(id, b)
}

// page reads a page with what it overflows into.
func (w *boltWalk) page(id uint64) ([]byte, error) {
	head := make([]byte, boltHeaderBytes)
	if id < 2 || id >= w.meta.pages {
		return nil, fmt.Errorf("%w: %d of %d", errBoltPage, id, w.meta.pages)
	}
	if _, err := w.file.ReadAt(head, int64(id)*int64(w.meta.pageSize)); err != nil {
		return nil, err
	}
	more := uint64(binary.LittleEndian.Uint32(head[12:]))
	if binary.LittleEndian.Uint64(head) != id || more >= w.meta.pages-id {
		return nil, fmt.Errorf("%w: %d says otherwise", errBoltPage, id)
	}
	for i := id; i <= id+more; i++ {
		if w.seen[i] {
			return nil, fmt.Errorf("%w: %d is in use twice", errBoltPage, i)
		}
		w.seen[i] = true
	}
	b := make([]byte, int(more+1)*w.meta.pageSize)
	_, err := w.file.ReadAt(b, int64(id)*int64(w.meta.pageSize))
	return b, err
}

// elements checks what a page holds and walks on. b is the page, or the rest of the value
// that it stands in.
func (w *boltWalk) elements(id uint64, b []byte) error {
	bad := fmt.Errorf("%w: %d", errBoltPage, id)
	if len(b) < boltHeaderBytes {
		return bad
	}
	flags, count := binary.LittleEndian.Uint16(b[8:]), int(binary.LittleEndian.Uint16(b[10:]))
	if flags != boltBranch && flags != boltLeaf || boltHeaderBytes+count*boltElemBytes > len(b) {
		return bad
	}
	var before []byte
	next := boltHeaderBytes + count*boltElemBytes // where the data of the next element begin
	for i := range count {
		at := boltHeaderBytes + i*boltElemBytes
		e, ok := parseBoltElement(b, at, flags == boltBranch)
		if !ok || e.begin != next || i > 0 && bytes.Compare(before, e.key) >= 0 {
			return bad
		}
		before, next = e.key, e.begin+len(e.key)+len(e.value)
		if err := w.below(id, e); err != nil {
			return err
		}
	}
	return nil
}

// below walks what an element leads to.
func (w *boltWalk) below(id uint64, e boltElement) error {
	switch {
	case e.branch:
		return w.tree(e.page)
	case e.flags == boltIsBucket && w.within == 0:
		w.top = append(w.top, string(e.key))
		w.within++
		defer func() { w.within-- }()
		return w.bucket(id, e.value)
	case e.flags == 0 && w.within > 0:
		return nil
	}
	return fmt.Errorf("%w: %d", errBoltPage, id) // a value beside the buckets, or a bucket in one of them
}

// boltElement is an element with what it points at: key and value of a leaf, key and page of a
// branch.
type boltElement struct {
	branch     bool
	flags      uint32 // of a leaf
	begin      int    // of key and value, in the page
	key, value []byte
	page       uint64
}

func parseBoltElement(b []byte, at int, branch bool) (e boltElement, ok bool) {
	le, raw := binary.LittleEndian, b[at:]
	pos, keySize, valueSize := uint64(le.Uint32(raw[4:])), uint64(le.Uint32(raw[8:])), uint64(le.Uint32(raw[12:]))
	e = boltElement{branch: branch, flags: le.Uint32(raw)}
	if branch {
		pos, keySize, valueSize, e.page = uint64(le.Uint32(raw)), uint64(le.Uint32(raw[4:])), 0, le.Uint64(raw[8:])
	}
	if pos < boltElemBytes || pos+keySize+valueSize > uint64(len(raw)) {
		return e, false
	}
	e.begin = at + int(pos)
	e.key, e.value = raw[pos:pos+keySize], raw[pos+keySize:pos+keySize+valueSize]
	return e, true
}

// bucket walks a bucket: a tree of its own, or a page within the value.
func (w *boltWalk) bucket(id uint64, value []byte) error {
	if len(value) < boltBucketBytes {
		return fmt.Errorf("%w: %d", errBoltPage, id)
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return w.tree(root)
	}
	return w.elements(id, value[boltBucketBytes:])
}
