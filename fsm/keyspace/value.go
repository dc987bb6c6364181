package keyspace

import "unsafe"

// Kind is the type of a value as TYPE reports it. The numbers are part of the state digest.
type Kind uint8

const (
	KindString Kind = 1
	KindList   Kind = 2
	KindSet    Kind = 3
	KindZSet   Kind = 4
	KindHash   Kind = 5
	KindStream Kind = 6
)

// String returns the name TYPE replies with.
func (k Kind) String() string {
	switch k {
	case KindString:
		return "string"
	case KindList:
		return "list"
	case KindSet:
		return "set"
	case KindZSet:
		return "zset"
	case KindHash:
		return "hash"
	case KindStream:
		return "stream"
	}
	return "none"
}

// Value is what a key holds.
//
// Whoever adds a type keeps three duties: Clone returns a value that later changes of the original
// cannot reach (elements, being immutable, may be shared); Size and Encoding depend on the content
// and on flags that a snapshot carries, never on spare capacity; elements are copied in.
type Value interface {
	Kind() Kind
	Clone() Value
	Size() int64      // approximate bytes in memory, without the key
	Encoding() string // as OBJECT ENCODING prints it
}

// Sticky is implemented by values whose encoding depends on their past: once a hash outgrew the
// compact form Redis never takes it back. The mark is part of the state and of snapshots.
type Sticky interface {
	Sticky() bool
	SetSticky()
}

// view lends the bytes of an immutable string. The caller must not write to them.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// lend reads b as a string for the length of one call, without copying it.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// isInt reports whether b is the canonical decimal form of an int64.
func isInt(b []byte) bool {
	const maxDigits = 19
	digits := b
	if len(digits) > 0 && digits[0] == '-' {
		digits = digits[1:]
	}
	switch {
	case len(digits) == 0 || len(digits) > maxDigits:
		return false
	case digits[0] == '0':
		return len(b) == 1
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(digits) < maxDigits || fitsInt64(digits, len(b) > len(digits))
}

// fitsInt64 compares nineteen digits with the largest magnitude an int64 has.
func fitsInt64(digits []byte, negative bool) bool {
	limit := "9223372036854775807"
	if negative {
		limit = "9223372036854775808"
	}
	return lend(digits) <= limit
}
