package rdb

import (
	"encoding/binary"
	"errors"
	"hash/crc64"
	"io"
	"math"
)

// source reads the file through a buffer and keeps the offset and the checksum
// of what was taken from it.
type source struct {
	r      io.Reader
	buf    []byte
	pos    int   // next byte to take
	end    int   // bytes in buf
	summed int   // bytes of buf that crc covers; never beyond pos
	base   int64 // offset of buf[0] in the file
	table  *crc64.Table
	crc    uint64
}

const readBufferBytes = 64 << 10

func newSource(r io.Reader) *source {
	return &source{r: r, buf: make([]byte, readBufferBytes), table: newCRC()}
}

func (s *source) offset() int64 { return s.base + int64(s.pos) }

// checksum returns the checksum of all that was taken.
func (s *source) checksum() uint64 {
	s.crc = updateCRC(s.crc, s.table, s.buf[s.summed:s.pos])
	s.summed = s.pos
	return s.crc
}

// need makes n bytes stand in the buffer; n is at most its size.
func (s *source) need(n int) error {
	if s.end-s.pos >= n {
		return nil
	}
	s.checksum()
	copy(s.buf, s.buf[s.pos:s.end])
	s.base += int64(s.pos)
	s.end -= s.pos
	s.pos, s.summed = 0, 0
	got, err := io.ReadAtLeast(s.r, s.buf[s.end:], n-s.end)
	s.end += got
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}

// take returns the next n bytes, at most the buffer's size. They are valid until
// the next call.
func (s *source) take(n int) ([]byte, error) {
	if err := s.need(n); err != nil {
		return nil, err
	}
	b := s.buf[s.pos : s.pos+n]
	s.pos += n
	return b, nil
}

func (s *source) byte() (byte, error) {
	b, err := s.take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

func (s *source) uint32() (uint32, error) {
	b, err := s.take(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

func (s *source) uint64() (uint64, error) {
	b, err := s.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// appendBytes appends the next n bytes to dst, which grows as they come and not
// by what n says.
func (s *source) appendBytes(dst []byte, n uint64) ([]byte, error) {
	for n > 0 {
		if err := s.need(1); err != nil {
			return dst, err
		}
		part := int(min(n, uint64(s.end-s.pos)))
		dst = append(dst, s.buf[s.pos:s.pos+part]...)
		s.pos += part
		n -= uint64(part)
	}
	return dst, nil
}

// length reads a length; encoded tells that n is instead how a string is
// encoded.
func (s *source) length() (n uint64, encoded bool, err error) {
	first, err := s.byte()
	if err != nil {
		return 0, false, err
	}
	switch {
	case first>>6 == 0:
		return uint64(first), false, nil
	case first>>6 == 1:
		second, err := s.byte()
		return uint64(first&0x3f)<<8 | uint64(second), false, err
	case first>>6 == 3:
		return uint64(first & 0x3f), true, nil
	case first == length32:
		b, err := s.take(4)
		if err != nil {
			return 0, false, err
		}
		return uint64(binary.BigEndian.Uint32(b)), false, nil
	case first == length64:
		b, err := s.take(8)
		if err != nil {
			return 0, false, err
		}
		return binary.BigEndian.Uint64(b), false, nil
	}
	return 0, false, corrupt("length begins with byte %#x", first)
}

// count reads a length that is a number of things.
func (s *source) count() (int64, error) {
	n, encoded, err := s.length()
	switch {
	case err != nil:
		return 0, err
	case encoded || n > math.MaxInt64:
		return 0, corrupt("not a count")
	}
	return int64(n), nil
}
