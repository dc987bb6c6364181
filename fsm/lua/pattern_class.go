package lua

// classEnd returns the end of the class that begins at pattern[p]: one character,
// %x, or a set in brackets.
func (m *matcher) classEnd(p int) int {
	c := m.pattern[p]
	p++
	switch c {
	case '%':
		if p >= len(m.pattern) {
			m.fail("malformed pattern (ends with '%')")
		}
		return p + 1
	case '[':
		return m.setEnd(p)
	}
	return p
}

// setEnd returns the end of a set whose bracket is already passed.
func (m *matcher) setEnd(p int) int {
	if p < len(m.pattern) && m.pattern[p] == '^' {
		p++
	}
	for first := true; first || p >= len(m.pattern) || m.pattern[p] != ']'; first = false {
		if p >= len(m.pattern) {
			m.fail("malformed pattern (missing ']')")
		}
		m.step()
		if m.pattern[p] == '%' && p+1 < len(m.pattern) {
			p++ // so that %] does not close the set
		}
		p++
	}
	return p + 1
}

// single reports whether the character at subject[at] is in the class at
// pattern[p:end].
func (m *matcher) single(at, p, end int) bool {
	if at >= len(m.subject) {
		return false
	}
	c := m.subject[at]
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(c, m.pattern[p+1])
	case '[':
		return m.inSet(c, p, end-1)
	}
	return m.pattern[p] == c
}

// inSet reports whether c is in the set whose bracket is at pattern[p] and whose
// closing one is at pattern[last].
func (m *matcher) inSet(c byte, p, last int) bool {
	want := true
	if m.pattern[p+1] == '^' {
		want = false
		p++
	}
	for p++; p < last; p++ {
		m.step()
		switch {
		case m.pattern[p] == '%':
			p++
			if inClass(c, m.pattern[p]) {
				return want
			}
		case p+2 < last && m.pattern[p+1] == '-':
			if m.pattern[p] <= c && c <= m.pattern[p+2] {
				return want
			}
			p += 2
		case m.pattern[p] == c:
			return want
		}
	}
	return !want
}

// inClass reports whether c is in the class %x; a class that is no letter stands
// for itself, an upper-case one for the opposite.
func inClass(c, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = isAlpha(c)
	case 'c':
		in = c < ' ' || c == 0x7f
	case 'd':
		in = isDigit(c)
	case 'l':
		in = 'a' <= c && c <= 'z'
	case 'p':
		in = ' ' < c && c < 0x7f && !isAlpha(c) && !isDigit(c)
	case 's':
		in = c == ' ' || '\t' <= c && c <= '\r'
	case 'u':
		in = 'A' <= c && c <= 'Z'
	case 'w':
		in = isAlpha(c) || isDigit(c)
	case 'x':
		in = isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	case 'z':
		in = c == 0
	default:
		return class == c
	}
	if !isAlpha(class) {
		return class == c
	}
	return in == (class >= 'a')
}

func isAlpha(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
