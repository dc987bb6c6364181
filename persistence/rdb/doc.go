// Package rdb writes and reads Redis' dump file format.
//
// Writer makes version 10 files that redis-server 7.0 loads and redis-check-rdb
// accepts; it streams, so a large collection is never held twice. Reader reads
// those, and the files that redis-server up to 7.0 writes, in every encoding of
// strings, lists, sets, hashes and sorted sets. Streams, modules and functions
// are refused with ErrUnsupported.
//
// The package knows nothing of what is done with keys, nor of Raft: what a
// snapshot needs beyond keys stands in auxiliary fields, which other loaders
// skip.
//
// Invariants:
//   - Reader allocates in proportion to the bytes it has read, never by a length
//     that the file merely announces.
//   - Damage is an *Error with the offset; it never panics. A checksum stands at
//     the file's end only, so a Handler must throw away all it was given when
//     Read returns an error.
//
// A file, all integers little-endian unless the format says otherwise:
//
//	"REDIS" "0010"
//	0xFA name value                 auxiliary field, any number
//	0xFE database                   what follows is in this database
//	0xFB keys expires               sizes, hints
//	[0xFC ms] type name value       a key, with when it expires, any number
//	0xFF crc64                      the end; the checksum of all before it
//
// A length is 1, 2, 5 or 9 bytes by its two highest bits; the pattern 11 marks
// a string that is an integer or compressed.
package rdb
