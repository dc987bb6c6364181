package rdb_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// The encodings of Redis before 7, which no server here writes any more, made by
// hand. That they are made well is for redis-server to say: it loads them all.

// oldFile holds lists, hashes and sorted sets as ziplists, and a list as a
// quicklist of them.
func oldFile() (file []byte, want map[string]modelKey) {
	words := append(integers(), strings.Repeat("a", 63), strings.Repeat("b", 64), strings.Repeat("c", 16383),
		strings.Repeat("d", 16384), strings.Repeat("e", 260), "")
	var fields, scores, fieldPairs, scorePairs []string
	for i, w := range words {
		f, score := "f"+strconv.Itoa(i), fmt.Sprintf("%d.25", i)
		fields = append(fields, f, w)
		scores = append(scores, f, score)
		fieldPairs = append(fieldPairs, f+"="+w)
		scorePairs = append(scorePairs, f+"="+score)
	}
	b := []byte("REDIS0009\xfe\x00")
	b = append(b, "\x0a\x04list"...)
	b = appendBlob(b, ziplistOf(words))
	b = append(b, "\x0d\x04hash"...)
	b = appendBlob(b, ziplistOf(fields))
	b = append(b, "\x0c\x04zset"...)
	b = appendBlob(b, ziplistOf(scores))
	b = append(b, "\x0e\x05quick\x03"...)
	for range 3 {
		b = appendBlob(b, ziplistOf(words))
	}
	b = append(b, "\xfd\xff\xff\xff\x7f\x03\x04text\x03\x01a\x031.5\x01b\xfe\x01c\xff"...)
	return appendChecksum(append(b, 0xff)), map[string]modelKey{
		"list":  {kind: rdb.List, elements: words},
		"hash":  modelKey{kind: rdb.Hash, elements: fieldPairs}.sorted(),
		"zset":  modelKey{kind: rdb.ZSet, elements: scorePairs}.sorted(),
		"quick": {kind: rdb.List, elements: slices.Concat(words, words, words)},
		"text":  {kind: rdb.ZSet, expire: 2147483647000, elements: []string{"a=1.5", "b=+Inf", "c=-Inf"}},
	}
}

// appendChecksum ends a file, with a CRC computed bit by bit.
func appendChecksum(b []byte) []byte {
	var crc uint64
	for _, c := range b {
		crc ^= uint64(c)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low == 1 {
				crc ^= 0x95ac9329ac4bc9b5
			}
		}
	}
	return binary.LittleEndian.AppendUint64(b, crc)
}

// appendBlob appends a string of any length.
func appendBlob(b, s []byte) []byte {
	b = binary.BigEndian.AppendUint32(append(b, 0x80), uint32(len(s)))
	return append(b, s...)
}

// ziplistOf packs words, numbers as numbers.
func ziplistOf(words []string) []byte {
	b := make([]byte, 10)
	tail, previous := len(b), 0
	for _, w := range words {
		tail = len(b)
		if previous < 254 {
			b = append(b, byte(previous))
		} else {
			b = binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(previous))
		}
		b = appendZiplistEntry(b, w)
		previous = len(b) - tail
	}
	b = append(b, 0xff)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	binary.LittleEndian.PutUint32(b[4:], uint32(tail))
	binary.LittleEndian.PutUint16(b[8:], uint16(len(words)))
	return b
}

func appendZiplistEntry(b []byte, w string) []byte {
	n, err := strconv.ParseInt(w, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != w {
		switch {
		case len(w) < 1<<6:
			b = append(b, byte(len(w)))
		case len(w) < 1<<14:
			b = append(b, 0x40|byte(len(w)>>8), byte(len(w)))
		default:
			b = binary.BigEndian.AppendUint32(append(b, 0x80), uint32(len(w)))
		}
		return append(b, w...)
	}
	little := binary.LittleEndian.AppendUint64(nil, uint64(n))
	switch {
	case 0 <= n && n <= 12:
		return append(b, 0xf1+byte(n))
	case n == int64(int8(n)):
		return append(append(b, 0xfe), little[:1]...)
	case n == int64(int16(n)):
		return append(append(b, 0xc0), little[:2]...)
	case -1<<23 <= n && n < 1<<23:
		return append(append(b, 0xf0), little[:3]...)
	case n == int64(int32(n)):
		return append(append(b, 0xd0), little[:4]...)
	}
	return append(append(b, 0xe0), little...)
}

func TestReadOldEncodings(t *testing.T) {
	file, want := oldFile()
	m, err := readModel(file)
	if err != nil {
		t.Fatal(err)
	}
	compareKeys(t, m.keys, want)
}

// TestRedisReadsOldEncodings makes sure that oldFile is what it claims to be.
func TestRedisReadsOldEncodings(t *testing.T) {
	file, want := oldFile()
	compareKeys(t, startServer(t, file, "--sanitize-dump-payload", "yes").keys(), want)
}

func TestTruncatedOldFileIsRefused(t *testing.T) {
	file, _ := oldFile()
	for n := 0; n < len(file); n += 97 {
		checkRefused(t, file[:n], rdb.ErrTruncated, "")
	}
}

// TestChecksumOfTheFormat compares with the check value of CRC-64/Jones as Redis
// has it.
func TestChecksumOfTheFormat(t *testing.T) {
	const check = 0xe9c6d914c4b8d9ca // of "123456789"
	b := appendChecksum([]byte("123456789"))
	if got := binary.LittleEndian.Uint64(b[9:]); got != check {
		t.Errorf("bit by bit: %#x", got)
	}
	table := crc64.MakeTable(0x95ac9329ac4bc9b5)
	if got := ^crc64.Update(^uint64(0), table, []byte("123456789")); got != check {
		t.Errorf("by table: %#x", got)
	}
	if !bytes.HasPrefix(b, []byte("123456789")) {
		t.Error("bytes changed")
	}
}
