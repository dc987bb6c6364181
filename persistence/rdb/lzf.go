package rdb

// decompress appends to dst what the LZF stream in holds, exactly size bytes.
//
// The stream is a row of literals (a byte below 32 tells how many follow, less
// one) and of copies from what was already written: three bits of length, or
// seven and a byte, and thirteen bits of distance.
func decompress(dst, in []byte, size int) ([]byte, error) {
	start := len(dst)
	for i := 0; i < len(in); {
		control := int(in[i])
		i++
		if control < maxLiterals {
			n := control + 1
			if n > len(in)-i {
				return nil, corrupt("compressed string: literals beyond its end")
			}
			dst = append(dst, in[i:i+n]...)
			i += n
		} else {
			n, distance, used := backReference(control, in[i:])
			if used == 0 || distance > len(dst)-start {
				return nil, corrupt("compressed string: bad reference")
			}
			dst = appendCopy(dst, distance, n)
			i += used
		}
		if len(dst)-start > size {
			return nil, corrupt("compressed string: longer than %d bytes", size)
		}
	}
	if len(dst)-start != size {
		return nil, corrupt("compressed string: %d bytes, not %d", len(dst)-start, size)
	}
	return dst, nil
}

const maxLiterals = 32

// backReference reads a copy's length, its distance, and how many bytes of rest
// they took, 0 if rest is too short.
func backReference(control int, rest []byte) (n, distance, used int) {
	n = control >> 5
	if n == 7 {
		if len(rest) == 0 {
			return 0, 0, 0
		}
		n += int(rest[0])
		used++
	}
	if used == len(rest) {
		return 0, 0, 0
	}
	distance = (control&0x1f)<<8 | int(rest[used])
	return n + 2, distance + 1, used + 1
}

// appendCopy appends n bytes that begin distance before dst's end. The two may
// overlap: then they repeat.
func appendCopy(dst []byte, distance, n int) []byte {
	if distance >= n {
		from := len(dst) - distance
		return append(dst, dst[from:from+n]...)
	}
	for range n {
		dst = append(dst, dst[len(dst)-distance])
	}
	return dst
}
