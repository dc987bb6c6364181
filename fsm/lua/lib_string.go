package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) stringLibrary() []entry {
	return []entry{
		{"byte", s.strByte}, {"char", s.strChar}, {"dump", s.strDump}, {"find", s.strFind},
		{"format", s.strFormat}, {"gfind", s.strGmatch}, {"gmatch", s.strGmatch}, {"gsub", s.strGsub},
		{"len", s.strLen}, {"lower", s.strLower}, {"match", s.strMatch}, {"rep", s.strRep},
		{"reverse", s.strReverse}, {"sub", s.strSub}, {"upper", s.strUpper},
	}
}

// fromEnd turns a position that may count from the end into one from the start.
func fromEnd(pos, length int) int {
	if pos < 0 {
		pos += length + 1
	}
	return max(pos, 0)
}

func (s *state) strByte(L *glua.LState) int {
	text := s.checkString(L, 1)
	from := fromEnd(s.optInt(L, 2, 1), len(text))
	to := min(fromEnd(s.optInt(L, 3, from), len(text)), len(text))
	from = max(from, 1)
	if from > to {
		return 0
	}
	if to-from+1 > maxUnpacked {
		s.fail(L, "string slice too long")
	}
	for i := from - 1; i < to; i++ {
		L.Push(glua.LNumber(text[i]))
	}
	return to - from + 1
}

func (s *state) strChar(L *glua.LState) int {
	out := make([]byte, L.GetTop())
	for i := range out {
		c := s.checkInt(L, i+1)
		if c < 0 || c > 255 {
			s.argError(L, i+1, "invalid value")
		}
		out[i] = byte(c)
	}
	return push(L, s.newString(L, string(out)))
}

func (s *state) strDump(L *glua.LState) int {
	s.checkFunction(L, 1)
	s.fail(L, "unable to dump given function")
	return 0
}

func (s *state) strLen(L *glua.LState) int {
	return push(L, glua.LNumber(len(s.checkString(L, 1))))
}

func (s *state) strLower(L *glua.LState) int { return s.mapped(L, 'A', 'Z') }
func (s *state) strUpper(L *glua.LState) int { return s.mapped(L, 'a', 'z') }

// mapped changes the case of the letters from..to.
func (s *state) mapped(L *glua.LState, from, to byte) int {
	text := s.checkString(L, 1)
	s.room(L, len(text))
	out := []byte(text)
	for i, c := range out {
		if from <= c && c <= to {
			out[i] = c ^ ('a' - 'A')
		}
	}
	return push(L, s.newString(L, string(out)))
}

func (s *state) strRep(L *glua.LState) int {
	text, n := s.checkString(L, 1), s.checkInt(L, 2)
	if n <= 0 || text == "" {
		return push(L, glua.LString(""))
	}
	if n > maxAllocBytes/len(text) {
		n = maxAllocBytes/len(text) + 1 // too much either way
	}
	s.room(L, n*len(text))
	return push(L, s.newString(L, strings.Repeat(text, n)))
}

func (s *state) strReverse(L *glua.LState) int {
	text := s.checkString(L, 1)
	s.room(L, len(text))
	out := make([]byte, len(text))
	for i := range out {
		out[i] = text[len(text)-1-i]
	}
	return push(L, s.newString(L, string(out)))
}

func (s *state) strSub(L *glua.LState) int {
	text := s.checkString(L, 1)
	from := max(fromEnd(s.checkInt(L, 2), len(text)), 1)
	to := min(fromEnd(s.optInt(L, 3, -1), len(text)), len(text))
	if from > to {
		return push(L, glua.LString(""))
	}
	return push(L, s.newString(L, text[from-1:to]))
}
