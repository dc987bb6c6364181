package syntax

import "strings"

// lexer cuts the source into tokens.
type lexer struct {
	name string // of the chunk, as errors show it
	src  string
	pos  int
	line int
}

// next returns the next token. It panics with an *Error, which Parse recovers.
func (x *lexer) next() token {
	for x.pos < len(x.src) {
		switch c := x.src[x.pos]; {
		case c == '\n' || c == '\r':
			x.newline()
		case isSpace(c):
			x.pos++
		case strings.HasPrefix(x.src[x.pos:], "--"):
			x.comment()
		default:
			return x.word(c)
		}
	}
	return token{kind: kindEOF, line: x.line}
}

// newline passes over a line's end, which may be two characters.
func (x *lexer) newline() {
	c := x.src[x.pos]
	x.pos++
	if x.pos < len(x.src) && isNewline(x.src[x.pos]) && x.src[x.pos] != c {
		x.pos++
	}
	x.line++
}

func (x *lexer) comment() {
	start := x.pos
	x.pos += len("--")
	if x.peek(0) == '[' {
		if level, ok := x.bracket(); ok {
			x.longText(level, start, true)
			return
		}
	}
	for x.pos < len(x.src) && !isNewline(x.src[x.pos]) {
		x.pos++
	}
}

// word reads a token that begins with c.
func (x *lexer) word(c byte) token {
	switch {
	case isLetter(c):
		return x.identifier()
	case isDigit(c) || c == '.' && isDigit(x.peek(1)):
		return x.number()
	case c == '"' || c == '\'':
		return x.quoted(c)
	case c == '[':
		start := x.pos
		if level, ok := x.bracket(); ok {
			return token{kind: kindString, str: x.longText(level, start, false), text: x.src[start:x.pos], line: x.line}
		}
	}
	return x.operator(c)
}

func (x *lexer) identifier() token {
	start := x.pos
	for x.pos < len(x.src) && (isLetter(x.src[x.pos]) || isDigit(x.src[x.pos])) {
		x.pos++
	}
	name := x.src[start:x.pos]
	return token{kind: reserved(name), text: name, str: name, line: x.line}
}

func (x *lexer) operator(c byte) token {
	t := token{kind: kind(c), line: x.line}
	size := 1
	switch {
	case c == '.' && x.peek(1) == '.' && x.peek(2) == '.':
		t.kind, size = kindDots, 3
	case c == '.' && x.peek(1) == '.':
		t.kind, size = kindConcat, 2
	case c == '=' && x.peek(1) == '=':
		t.kind, size = kindEqual, 2
	case c == '<' && x.peek(1) == '=':
		t.kind, size = kindLessEqual, 2
	case c == '>' && x.peek(1) == '=':
		t.kind, size = kindGreaterEqual, 2
	case c == '~' && x.peek(1) == '=':
		t.kind, size = kindNotEqual, 2
	}
	x.pos += size
	return t
}

func (x *lexer) number() token {
	start := x.pos
	for x.pos < len(x.src) && (isDigit(x.src[x.pos]) || x.src[x.pos] == '.') {
		x.pos++
	}
	if c := x.peek(0); c == 'e' || c == 'E' {
		x.pos++
		if c := x.peek(0); c == '+' || c == '-' {
			x.pos++
		}
	}
	for x.pos < len(x.src) && (isLetter(x.src[x.pos]) || isDigit(x.src[x.pos])) {
		x.pos++
	}
	text := x.src[start:x.pos]
	n, ok := ParseNumber(text)
	if !ok {
		x.fail("malformed number", text)
	}
	return token{kind: kindNumber, text: text, num: n, line: x.line}
}

// peek returns the character i places ahead, 0 at the end.
func (x *lexer) peek(i int) byte {
	if x.pos+i < len(x.src) {
		return x.src[x.pos+i]
	}
	return 0
}

// fail ends the parse with an error near the text.
func (x *lexer) fail(message, near string) {
	panic(&Error{Chunk: x.name, Line: x.line, Text: message + " near '" + near + "'"})
}

func isSpace(c byte) bool   { return c == ' ' || '\t' <= c && c <= '\r' }
func isNewline(c byte) bool { return c == '\n' || c == '\r' }
func isDigit(c byte) bool   { return '0' <= c && c <= '9' }
func isLetter(c byte) bool  { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' }
