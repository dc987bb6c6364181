package lua

import "strings"

// A matcher matches one subject against one of Lua's patterns, by backtracking.
// Backtracking can take exponential time, so every step is counted.
type matcher struct {
	subject, pattern string
	level            int // captures open or closed
	captures         [maxCaptures]capture
	steps            int
	spend            func(steps int) // charges, and does not return once the budget is spent
	fail             func(message string)
	depth            int
}

type capture struct {
	start, length int
}

// Special lengths of a capture.
const (
	captureOpen     = -1
	capturePosition = -2
)

const (
	maxCaptures     = 32
	maxMatchDepth   = 100_000 // nested calls of match
	stepsPerCharge  = 256
	noMatch         = -1
	patternSpecials = "^$*+?.([%-"
)

// match returns the end of the match of pattern[p:] at subject[at:], or noMatch.
func (m *matcher) match(at, p int) int {
	if m.depth++; m.depth > maxMatchDepth {
		m.fail("pattern too complex")
	}
	defer func() { m.depth-- }()
	for {
		m.step()
		if p == len(m.pattern) {
			return at
		}
		switch c := m.pattern[p]; {
		case c == '(' && p+1 < len(m.pattern) && m.pattern[p+1] == ')':
			return m.openCapture(at, p+2, capturePosition)
		case c == '(':
			return m.openCapture(at, p+1, captureOpen)
		case c == ')':
			return m.closeCapture(at, p+1)
		case c == '$' && p+1 == len(m.pattern):
			if at == len(m.subject) {
				return at
			}
			return noMatch
		case c == '%' && p+1 < len(m.pattern) && isSpecialEscape(m.pattern[p+1]):
			next, nextP := m.escape(at, p+1)
			if next == noMatch {
				return noMatch
			}
			at, p = next, nextP
			continue
		}
		end := m.classEnd(p)
		suffix := byte(0)
		if end < len(m.pattern) {
			suffix = m.pattern[end]
		}
		switch suffix {
		case '?':
			if m.single(at, p, end) {
				if r := m.match(at+1, end+1); r != noMatch {
					return r
				}
			}
			p = end + 1
		case '*':
			return m.greedy(at, p, end, 0)
		case '+':
			return m.greedy(at, p, end, 1)
		case '-':
			return m.lazy(at, p, end)
		default:
			if !m.single(at, p, end) {
				return noMatch
			}
			at, p = at+1, end
		}
	}
}

func isSpecialEscape(c byte) bool { return c == 'b' || c == 'f' || isDigit(c) }

// step counts, and charges now and then.
func (m *matcher) step() {
	if m.steps++; m.steps == stepsPerCharge {
		m.settle()
	}
}

// settle charges for the steps so far.
func (m *matcher) settle() {
	m.spend(m.steps)
	m.steps = 0
}

// escape matches %b, %f or a back reference; p is behind the percent sign.
func (m *matcher) escape(at, p int) (int, int) {
	switch m.pattern[p] {
	case 'b':
		return m.balance(at, p+1), p + 3
	case 'f':
		p++
		if p >= len(m.pattern) || m.pattern[p] != '[' {
			m.fail("missing '[' after '%f' in pattern")
		}
		end := m.classEnd(p)
		var before, here byte
		if at > 0 {
			before = m.subject[at-1]
		}
		if at < len(m.subject) {
			here = m.subject[at]
		}
		if m.inSet(before, p, end-1) || !m.inSet(here, p, end-1) {
			return noMatch, end
		}
		return at, end
	}
	return m.backReference(at, m.pattern[p]), p + 1
}

// balance matches %bxy.
func (m *matcher) balance(at, p int) int {
	if p+1 >= len(m.pattern) {
		m.fail("unbalanced pattern")
	}
	if at >= len(m.subject) || m.subject[at] != m.pattern[p] {
		return noMatch
	}
	open, closing, nested := m.pattern[p], m.pattern[p+1], 1
	for i := at + 1; i < len(m.subject); i++ {
		m.step()
		switch m.subject[i] {
		case closing:
			if nested--; nested == 0 {
				return i + 1
			}
		case open:
			nested++
		}
	}
	return noMatch
}

func (m *matcher) backReference(at int, digit byte) int {
	i := m.checkCapture(digit)
	c := m.captures[i]
	text := m.subject[c.start : c.start+max(c.length, 0)]
	if !strings.HasPrefix(m.subject[at:], text) {
		return noMatch
	}
	m.steps += len(text) / bytesPerStep
	return at + len(text)
}

func (m *matcher) checkCapture(digit byte) int {
	i := int(digit) - '1'
	if i < 0 || i >= m.level || m.captures[i].length == captureOpen {
		m.fail("invalid capture index")
	}
	return i
}

func (m *matcher) openCapture(at, p, length int) int {
	if m.level >= maxCaptures {
		m.fail("too many captures")
	}
	m.captures[m.level] = capture{at, length}
	m.level++
	end := m.match(at, p)
	if end == noMatch {
		m.level--
	}
	return end
}

func (m *matcher) closeCapture(at, p int) int {
	for i := m.level - 1; i >= 0; i-- {
		if m.captures[i].length != captureOpen {
			continue
		}
		m.captures[i].length = at - m.captures[i].start
		end := m.match(at, p)
		if end == noMatch {
			m.captures[i].length = captureOpen
		}
		return end
	}
	m.fail("invalid pattern capture")
	return noMatch
}

// greedy matches a class as often as it can, at least least times.
func (m *matcher) greedy(at, p, end, least int) int {
	n := 0
	for m.single(at+n, p, end) {
		m.step()
		n++
	}
	for ; n >= least; n-- {
		if r := m.match(at+n, end+1); r != noMatch {
			return r
		}
	}
	return noMatch
}

// lazy matches a class as seldom as it can.
func (m *matcher) lazy(at, p, end int) int {
	for {
		if r := m.match(at, end+1); r != noMatch {
			return r
		}
		if !m.single(at, p, end) {
			return noMatch
		}
		at++
	}
}
