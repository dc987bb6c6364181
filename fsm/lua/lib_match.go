package lua

import (
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) newMatcher(L *glua.LState, subject, pattern string) *matcher {
	return &matcher{
		subject: subject, pattern: pattern,
		spend: func(steps int) { s.spend(L, steps) },
		fail:  func(message string) { s.fail(L, message) },
	}
}

func (s *state) strFind(L *glua.LState) int  { return s.search(L, true) }
func (s *state) strMatch(L *glua.LState) int { return s.search(L, false) }

// search serves string.find and string.match.
func (s *state) search(L *glua.LState, find bool) int {
	subject, pattern := s.checkString(L, 1), s.checkString(L, 2)
	from := fromEnd(s.optInt(L, 3, 1), len(subject))
	at := min(max(from-1, 0), len(subject))
	if find && (glua.LVAsBool(L.Get(4)) || !strings.ContainsAny(pattern, patternSpecials)) {
		s.work(L, len(subject)-at)
		i := strings.Index(subject[at:], pattern)
		if i < 0 {
			return push(L, glua.LNil)
		}
		return push(L, glua.LNumber(at+i+1), glua.LNumber(at+i+len(pattern)))
	}
	m := s.newMatcher(L, subject, pattern)
	start, end, ok := m.first(at)
	m.settle()
	switch {
	case !ok:
		return push(L, glua.LNil)
	case find:
		return push(L, glua.LNumber(start+1), glua.LNumber(end)) + s.pushCaptures(L, m, -1, -1)
	}
	return s.pushCaptures(L, m, start, end)
}

// first returns the first match at or after a position.
func (m *matcher) first(at int) (start, end int, ok bool) {
	p, anchored := 0, strings.HasPrefix(m.pattern, "^")
	if anchored {
		p = 1
	}
	for ; at <= len(m.subject); at++ {
		m.level = 0
		if end := m.match(at, p); end != noMatch {
			return at, end, true
		}
		if anchored {
			break
		}
	}
	return 0, 0, false
}

// pushCaptures pushes all captures; the whole match if there are none and start
// is not negative.
func (s *state) pushCaptures(L *glua.LState, m *matcher, start, end int) int {
	if m.level == 0 && start >= 0 {
		return push(L, s.newString(L, m.subject[start:end]))
	}
	for i := range m.level {
		L.Push(s.captured(L, m, i))
	}
	return m.level
}

func (s *state) captured(L *glua.LState, m *matcher, i int) glua.LValue {
	switch c := m.captures[i]; c.length {
	case capturePosition:
		return glua.LNumber(c.start + 1)
	case captureOpen:
		s.fail(L, "unfinished capture")
		return nil
	default:
		return s.newString(L, m.subject[c.start:c.start+c.length])
	}
}

func (s *state) strGmatch(L *glua.LState) int {
	subject, pattern := s.checkString(L, 1), s.checkString(L, 2)
	at := 0
	s.alloc(L, costTable)
	return push(L, L.NewFunction(func(L *glua.LState) int {
		m := s.newMatcher(L, subject, pattern)
		for ; at <= len(subject); at++ {
			m.level = 0
			end := m.match(at, 0)
			if end == noMatch {
				continue
			}
			m.settle()
			start := at
			if at = end; end == start {
				at++
			}
			return s.pushCaptures(L, m, start, end)
		}
		m.settle()
		return push(L, glua.LNil)
	}))
}

func (s *state) strGsub(L *glua.LState) int {
	subject, pattern := s.checkString(L, 1), s.checkString(L, 2)
	replacement := L.Get(3)
	switch replacement.(type) {
	case glua.LString, glua.LNumber, *glua.LTable, *glua.LFunction:
	default:
		s.argError(L, 3, "string/function/table expected")
	}
	limit := s.optInt(L, 4, len(subject)+1)
	p, anchored := 0, strings.HasPrefix(pattern, "^")
	if anchored {
		p = 1
	}
	m := s.newMatcher(L, subject, pattern)
	var out strings.Builder
	at, n := 0, 0
	for n < limit {
		m.level = 0
		end := m.match(at, p)
		if end != noMatch {
			n++
			text := s.replacement(L, m, replacement, at, end)
			s.room(L, out.Len()+len(text))
			out.WriteString(text)
		}
		switch {
		case end != noMatch && end > at:
			at = end
		case at < len(subject):
			out.WriteByte(subject[at])
			at++
		default:
			at++
		}
		if at > len(subject) || anchored {
			break
		}
	}
	m.settle()
	if at < len(subject) {
		out.WriteString(subject[at:])
	}
	return push(L, s.newString(L, out.String()), glua.LNumber(n))
}

// replacement returns what string.gsub puts in place of a match.
func (s *state) replacement(L *glua.LState, m *matcher, by glua.LValue, start, end int) string {
	var value glua.LValue
	switch by := by.(type) {
	case *glua.LTable:
		value = L.GetTable(by, s.firstCapture(L, m, start, end))
	case *glua.LFunction:
		L.Push(by)
		n := s.pushCaptures(L, m, start, end)
		L.Call(n, 1)
		value = L.Get(-1)
		L.Pop(1)
	default:
		return s.template(L, m, plainString(by), start, end)
	}
	switch {
	case !glua.LVAsBool(value):
		return m.subject[start:end]
	case !isStringLike(value):
		s.fail(L, "invalid replacement value (a "+value.Type().String()+")")
	}
	return plainString(value)
}

func (s *state) firstCapture(L *glua.LState, m *matcher, start, end int) glua.LValue {
	if m.level == 0 {
		return s.newString(L, m.subject[start:end])
	}
	return s.captured(L, m, 0)
}

// template fills in the captures %0..%9 of a replacement string.
func (s *state) template(L *glua.LState, m *matcher, text string, start, end int) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out.WriteByte(text[i])
			continue
		}
		i++
		c := byte(0) // a percent sign at the end takes C's end of the string
		if i < len(text) {
			c = text[i]
		}
		switch {
		case !isDigit(c):
			out.WriteByte(c)
		case c == '0' || c == '1' && m.level == 0:
			out.WriteString(m.subject[start:end])
		default:
			if int(c-'1') >= m.level {
				s.fail(L, "invalid capture index")
			}
			out.WriteString(plainString(s.captured(L, m, int(c-'1'))))
		}
		s.room(L, out.Len())
	}
	return out.String()
}
