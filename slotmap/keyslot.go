package slotmap

// SlotCount is the number of hash slots, as in Redis Cluster.
const SlotCount = 16384

// crcPoly is the polynomial of CRC16/XMODEM, the checksum that Redis Cluster hashes keys with.
const crcPoly = 0x1021

// crcTable is the CRC16/XMODEM remainder of each byte. It is never written after it is made.
var crcTable = makeCRCTable()

func makeCRCTable() (table [256]uint16) {
	for i := range table {
		crc := uint16(i) << 8
		for range 8 {
			carry := crc&0x8000 != 0
			crc <<= 1
			if carry {
				crc ^= crcPoly
			}
		}
		table[i] = crc
	}
	return table
}

// KeySlot returns the slot of a key. Only the hash tag counts, if there is one: the bytes between the
// first '{' and the first '}' after it, unless there are none.
func KeySlot(key []byte) uint16 {
	var crc uint16
	for _, b := range hashed(key) {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^b]
	}
	return crc % SlotCount
}

// hashed returns the part of a key that is hashed.
func hashed(key []byte) []byte {
	for open, b := range key {
		if b != '{' {
			continue
		}
		tag := key[open+1:]
		for end, b := range tag {
			if b == '}' && end > 0 {
				return tag[:end]
			}
			if b == '}' {
				return key
			}
		}
		return key
	}
	return key
}
