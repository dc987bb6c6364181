package resp

// Array writes the header of an array of n elements.
func (w *Writer) Array(n int) { w.header('*', int64(n)) }

// Map writes the header of a map of n pairs: in RESP2 an array of 2n elements.
func (w *Writer) Map(pairs int) { w.header(w.mapHeader(pairs)) }

// Set writes the header of a set of n members: in RESP2 an array.
func (w *Writer) Set(n int) { w.header(w.kind('~'), int64(n)) }

// Push writes the header of an out-of-band message of n elements: in RESP2 an
// array.
func (w *Writer) Push(n int) { w.header(w.kind('>'), int64(n)) }

// InsertArray puts the header of an array of n elements at offset at, in front
// of elements already written there. It is for replies whose length is known
// only at their end: take at := w.Len() before the first element.
func (w *Writer) InsertArray(at, n int) { w.insert(at, '*', int64(n)) }

// InsertMap is InsertArray for a map of n pairs.
func (w *Writer) InsertMap(at, pairs int) {
	kind, n := w.mapHeader(pairs)
	w.insert(at, kind, n)
}

// InsertSet is InsertArray for a set of n members.
func (w *Writer) InsertSet(at, n int) { w.insert(at, w.kind('~'), int64(n)) }

// insert writes a header at the end, then moves it to its place.
func (w *Writer) insert(at int, kind byte, n int64) {
	if w.full() {
		return
	}
	end := len(w.buf)
	w.header(kind, n)
	var head [maxHeader]byte
	size := copy(head[:], w.buf[end:])
	copy(w.buf[at+size:], w.buf[at:end])
	copy(w.buf[at:], head[:size])
}

// maxHeader is the longest header: type, sign, 19 digits, CR LF.
const maxHeader = 23

// kind is the type byte of an aggregate that RESP2 sends as an array.
func (w *Writer) kind(three byte) byte {
	if w.resp3 {
		return three
	}
	return '*'
}

func (w *Writer) mapHeader(pairs int) (byte, int64) {
	if w.resp3 {
		return '%', int64(pairs)
	}
	return '*', 2 * int64(pairs)
}
