package rdb

import "hash/crc64"

// Version is the version Writer makes, and the newest that Reader reads.
const Version = 10

const magic = "REDIS"

// Opcodes stand where a key's type would.
const (
	opFunction2    = 0xF5
	opFunction     = 0xF6
	opModuleAux    = 0xF7
	opIdle         = 0xF8
	opFreq         = 0xF9
	opAux          = 0xFA
	opResizeDB     = 0xFB
	opExpireMs     = 0xFC
	opExpireSecond = 0xFD
	opSelectDB     = 0xFE
	opEOF          = 0xFF
)

// Types of values.
const (
	typeString        = 0
	typeList          = 1
	typeSet           = 2
	typeZSetText      = 3
	typeHash          = 4
	typeZSet          = 5
	typeModule        = 6
	typeModule2       = 7
	typeZipmap        = 9
	typeListZiplist   = 10
	typeSetIntset     = 11
	typeZSetZiplist   = 12
	typeHashZiplist   = 13
	typeQuicklist     = 14
	typeStream        = 15
	typeHashListpack  = 16
	typeZSetListpack  = 17
	typeQuicklist2    = 18
	typeStream2       = 19
	nodePlain         = 1 // of a quicklist2: the element itself
	nodePacked        = 2 // of a quicklist2: a listpack
	scoreNaN          = 253
	scoreInfinity     = 254
	scoreMinusInf     = 255
	length32          = 0x80 // a length's first byte: four bytes follow, big-endian
	length64          = 0x81 // eight bytes follow, big-endian
	encodedInt8       = 0    // strings that are not plain bytes
	encodedInt16      = 1
	encodedInt32      = 2
	encodedCompressed = 3
)

// Kind is a key's data type.
type Kind uint8

// The data types.
const (
	String Kind = iota + 1
	List
	Set
	Hash
	ZSet
)

func (k Kind) String() string {
	switch k {
	case String:
		return "string"
	case List:
		return "list"
	case Set:
		return "set"
	case Hash:
		return "hash"
	case ZSet:
		return "zset"
	}
	return "unknown"
}

// newCRC makes the table of the format's CRC-64 (Jones' polynomial, reflected).
func newCRC() *crc64.Table {
	const jones = 0x95ac9329ac4bc9b5
	return crc64.MakeTable(jones)
}

// updateCRC continues a checksum. The format's begins at zero and is not
// inverted at its end, where Go's is at both.
func updateCRC(crc uint64, table *crc64.Table, b []byte) uint64 {
	return ^crc64.Update(^crc, table, b)
}
