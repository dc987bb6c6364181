package lua

import (
	"encoding/binary"
	"math"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) structLibrary() []entry {
	return []entry{{"pack", s.structPack}, {"unpack", s.structUnpack}, {"size", s.structSize}}
}

// structFormat walks over a format of the library struct.
type structFormat struct {
	s     *state
	L     *glua.LState
	text  string
	pos   int
	order binary.ByteOrder
	align int
}

// structItem is one conversion.
type structItem struct {
	verb byte
	size int
	pad  int // bytes of alignment in front of it
}

// Limits and defaults of formats, those of x86-64.
const (
	structMaxInt   = 32 // bytes
	structNative   = 8  // alignment of "!"
	structIntSize  = 4
	structLongSize = 8
)

// next reads the next conversion that stands for bytes; false at the end.
func (f *structFormat) next(total int) (structItem, bool) {
	for f.pos < len(f.text) {
		f.s.spend(f.L, 1)
		c := f.text[f.pos]
		f.pos++
		size := f.size(c)
		switch c {
		case ' ':
		case '<':
			f.order = binary.LittleEndian
		case '>':
			f.order = binary.BigEndian
		case '!':
			f.align = f.number(structNative)
			if f.align <= 0 || f.align&(f.align-1) != 0 {
				f.s.fail(f.L, "alignment is not a power of 2")
			}
		default:
			return structItem{c, size, f.padding(c, size, total)}, true
		}
	}
	return structItem{}, false
}

func (f *structFormat) size(c byte) int {
	switch c {
	case 'B', 'b', 'x':
		return 1
	case 'H', 'h':
		return 2
	case 'L', 'l', 'T', 'd':
		return structLongSize
	case 'f':
		return 4
	case 'c':
		return f.number(1)
	case 'i', 'I':
		n := f.number(structIntSize)
		if n > structMaxInt {
			f.s.fail(f.L, "integral size "+formatNumber(float64(n))+" is larger than limit of 32")
		}
		return n
	case 's', ' ', '<', '>', '!':
		return 0
	}
	f.s.argError(f.L, 1, "invalid format option '"+string([]byte{c})+"'")
	return 0
}

// number reads decimal digits, missing if there are none.
func (f *structFormat) number(missing int) int {
	const limit = 1 << 30
	if f.pos >= len(f.text) || !isDigit(f.text[f.pos]) {
		return missing
	}
	n := 0
	for f.pos < len(f.text) && isDigit(f.text[f.pos]) {
		n = n*10 + int(f.text[f.pos]-'0')
		f.pos++
		if n > limit {
			f.s.fail(f.L, "integral size overflow")
		}
	}
	return n
}

// padding returns the bytes that bring an item to its alignment.
func (f *structFormat) padding(c byte, size, total int) int {
	if size == 0 || c == 'c' || c == 'x' {
		return 0
	}
	align := min(size, f.align)
	if align > 1 && align&(align-1) != 0 {
		return 0
	}
	return (align - total&(align-1)) & (align - 1)
}

func (s *state) structFormat(L *glua.LState) *structFormat {
	return &structFormat{s: s, L: L, text: s.checkString(L, 1), order: binary.LittleEndian, align: 1}
}

func (s *state) structSize(L *glua.LState) int {
	f := s.structFormat(L)
	total := 0
	for {
		item, ok := f.next(total)
		if !ok {
			return push(L, glua.LNumber(total))
		}
		switch {
		case item.verb == 's':
			s.argError(L, 1, "option 's' has no fixed size")
		case item.verb == 'c' && item.size == 0:
			s.argError(L, 1, "option 'c0' has no fixed size")
		}
		total += item.pad + item.size
	}
}

func (s *state) structPack(L *glua.LState) int {
	f := s.structFormat(L)
	var out []byte
	arg := 1
	L.Push(glua.LNil) // a missing argument is reported as nil
	for {
		item, ok := f.next(len(out))
		if !ok {
			return push(L, s.newString(L, string(out)))
		}
		s.room(L, len(out)+item.size)
		out = append(out, make([]byte, item.pad)...)
		if item.verb != 'x' {
			arg++
		}
		out = s.structPut(L, f, out, item, arg)
	}
}

// structPut appends one item.
func (s *state) structPut(L *glua.LState, f *structFormat, out []byte, item structItem, arg int) []byte {
	switch item.verb {
	case 'x':
		return append(out, 0)
	case 'f':
		return f.order.(binary.AppendByteOrder).AppendUint32(out, math.Float32bits(float32(canonical(s.checkNumber(L, arg)))))
	case 'd':
		return f.order.(binary.AppendByteOrder).AppendUint64(out, math.Float64bits(canonical(s.checkNumber(L, arg))))
	case 's', 'c':
		text := s.checkString(L, arg)
		if item.verb == 'c' && item.size == 0 {
			item.size = len(text)
		}
		if item.verb == 's' {
			s.room(L, len(out)+len(text))
			return append(append(out, text...), 0)
		}
		if len(text) < item.size {
			s.argError(L, arg+1, "string too short")
		}
		return append(out, text[:item.size]...)
	}
	return f.appendInt(out, toInt64(s.checkNumber(L, arg)), item.size)
}

// appendInt appends the low bytes of n, and zeros beyond its eight.
func (f *structFormat) appendInt(out []byte, n int64, size int) []byte {
	start := len(out)
	for i := range size {
		b := byte(0)
		if i < 8 {
			b = byte(uint64(n) >> (8 * i))
		}
		out = append(out, b)
	}
	if f.order == binary.ByteOrder(binary.BigEndian) {
		for i, j := start, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}

func (s *state) structUnpack(L *glua.LState) int {
	f := s.structFormat(L)
	data := s.checkString(L, 2)
	pos := s.optInt(L, 3, 1) - 1
	if pos < 0 {
		s.argError(L, 3, "offset must be 1 or greater")
	}
	results := 0
	for {
		item, ok := f.next(pos)
		if !ok {
			return results + push(L, glua.LNumber(pos+1))
		}
		if results >= maxUnpacked {
			s.fail(L, "too many results")
		}
		pos += item.pad
		if pos > len(data) || item.size > len(data)-pos {
			s.argError(L, 2, "data string too short")
		}
		value, size := s.structGet(L, f, data[pos:], item)
		pos += size
		if item.verb == 'c' && item.size == 0 {
			L.Pop(1) // the length that was read before it
			results--
		}
		if value != nil {
			L.Push(value)
			results++
		}
	}
}

// structGet reads one item and returns its value, nil for padding, and its size.
func (s *state) structGet(L *glua.LState, f *structFormat, data string, item structItem) (glua.LValue, int) {
	switch item.verb {
	case 'x':
		return nil, item.size
	case 'f':
		return glua.LNumber(math.Float32frombits(f.order.Uint32([]byte(data[:4])))), item.size
	case 'd':
		return glua.LNumber(math.Float64frombits(f.order.Uint64([]byte(data[:8])))), item.size
	case 'c':
		if item.size == 0 {
			item.size = s.structLength(L, data)
		}
		return s.newString(L, data[:item.size]), item.size
	case 's':
		n := strings.IndexByte(data, 0)
		if n < 0 {
			s.fail(L, "unfinished string in data")
		}
		return s.newString(L, data[:n]), n + 1
	}
	return glua.LNumber(f.integer(data[:item.size], 'a' <= item.verb && item.verb <= 'z')), item.size
}

// structLength returns the number on the stack, which is the length of a "c0".
func (s *state) structLength(L *glua.LState, data string) int {
	n, ok := L.Get(-1).(glua.LNumber)
	if !ok {
		s.fail(L, "format 'c0' needs a previous size")
	}
	size := toInt(float64(n))
	if size < 0 || size > len(data) {
		s.argError(L, 2, "data string too short")
	}
	return size
}

// integer reads an integer of any size, of which eight bytes count.
func (f *structFormat) integer(data string, signed bool) float64 {
	var n uint64
	for i := range len(data) {
		b := data[i]
		if f.order == binary.ByteOrder(binary.LittleEndian) {
			b = data[len(data)-1-i]
		}
		n = n<<8 | uint64(b)
	}
	if !signed {
		return float64(n)
	}
	if unused := 64 - 8*len(data); unused > 0 {
		return float64(int64(n<<unused) >> unused)
	}
	return float64(int64(n))
}
