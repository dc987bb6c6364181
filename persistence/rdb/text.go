package rdb

import (
	"encoding/binary"
	"math"
	"strconv"
)

// maxStringBytes is the longest string Redis can have been told to keep.
const maxStringBytes = 4 << 30

// string reads a string, in any of its encodings, into dst.
func (r *Reader) string(dst []byte) ([]byte, error) {
	n, encoded, err := r.src.length()
	switch {
	case err != nil:
		return nil, err
	case !encoded && n > maxStringBytes:
		return nil, corrupt("string of %d bytes", n)
	case !encoded:
		return r.src.appendBytes(dst[:0], n)
	case n == encodedCompressed:
		return r.compressed(dst)
	}
	return r.integer(dst, n)
}

// integer reads a string that is a number, of 1, 2 or 4 bytes.
func (r *Reader) integer(dst []byte, encoding uint64) ([]byte, error) {
	if encoding > encodedInt32 {
		return nil, corrupt("string encoding %d", encoding)
	}
	b, err := r.src.take(1 << encoding)
	if err != nil {
		return nil, err
	}
	return strconv.AppendInt(dst[:0], littleInt(b), 10), nil
}

// compressed reads a string compressed with LZF.
func (r *Reader) compressed(dst []byte) ([]byte, error) {
	packed, err := r.src.count()
	if err != nil {
		return nil, err
	}
	size, err := r.src.count()
	if err != nil {
		return nil, err
	}
	if packed > maxStringBytes || size > maxStringBytes {
		return nil, corrupt("compressed string of %d and %d bytes", packed, size)
	}
	if r.packed, err = r.src.appendBytes(r.packed[:0], uint64(packed)); err != nil {
		return nil, err
	}
	return decompress(dst[:0], r.packed, int(size))
}

// scoreText reads a score as Redis before version 4 wrote it.
func (r *Reader) scoreText() (float64, error) {
	n, err := r.src.byte()
	if err != nil {
		return 0, err
	}
	switch n {
	case scoreNaN:
		return 0, corrupt("score is not a number")
	case scoreInfinity:
		return math.Inf(1), nil
	case scoreMinusInf:
		return math.Inf(-1), nil
	}
	b, err := r.src.take(int(n))
	if err != nil {
		return 0, err
	}
	return parseScore(b)
}

// parseScore reads a score from text.
func parseScore(b []byte) (float64, error) {
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil && !math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, corrupt("score %.40q", b)
	}
	return f, nil
}

// littleInt reads a signed little-endian integer of 1, 2, 3, 4 or 8 bytes.
func littleInt(b []byte) int64 {
	switch len(b) {
	case 1:
		return int64(int8(b[0]))
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case 3:
		return int64(int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24) >> 8)
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	}
	return int64(binary.LittleEndian.Uint64(b))
}
