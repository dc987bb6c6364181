package resp

import "bytes"

// inline reads a request that a person typed: words on a line, as telnet and
// health checks send them.
func (p *Parser) inline(buf []byte, lim Limits) (args [][]byte, n int, err error) {
	i := bytes.IndexByte(buf[p.scan:], '\n')
	if i < 0 {
		p.scan = len(buf)
		if len(buf) > lim.MaxInline {
			return nil, 0, &ProtocolError{tooBigInline}
		}
		return nil, 0, nil
	}
	end := p.scan + i
	if end > lim.MaxInline {
		return nil, 0, &ProtocolError{tooBigInline}
	}
	start := len(p.arena)
	words, ok := splitWords(p.arena, bytes.TrimSuffix(buf[:end], []byte{'\r'}))
	if !ok {
		return nil, 0, &ProtocolError{unbalancedQuotes}
	}
	p.reset()
	p.arena = words
	return words[start:len(words):len(words)], end + 1, nil
}

// splitWords cuts a line into words, which it appends to those given, by Redis'
// rules: white space parts words; inside "..." a backslash escapes (\n \r \t \b
// \a \xHH, or the character itself); inside '...' only \' does; a closing quote
// must end the word. ok is false where it does not, or where no closing quote
// comes. A NUL is a character like others, where Redis would wait for a line's
// end for ever.
func splitWords(words [][]byte, line []byte) (all [][]byte, ok bool) {
	for {
		line = bytes.TrimLeft(line, " \t\n\v\f\r")
		if len(line) == 0 {
			return words, true
		}
		word, size, ok := nextWord(line)
		if !ok {
			return nil, false
		}
		words = append(words, word)
		line = line[size:]
	}
}

// nextWord returns the word that line begins with and how many bytes it took.
// A word without quotes aliases line.
func nextWord(line []byte) (word []byte, size int, ok bool) {
	size = bytes.IndexAny(line, " \t\n\r\"'")
	switch {
	case size < 0:
		return line[:len(line):len(line)], len(line), true
	case line[size] != '"' && line[size] != '\'':
		return line[:size:size], size, true
	}
	word = append(word, line[:size]...)
	for ; size < len(line) && !isBlank(line[size]); size++ {
		if c := line[size]; c != '"' && c != '\'' {
			word = append(word, c)
			continue
		}
		word, quoted := appendQuoted(word, line[size:])
		size += quoted
		return word, size, quoted > 0 && (size == len(line) || isSpace(line[size]))
	}
	return word, size, true
}

// appendQuoted appends what stands between the quote that s begins with and its
// counterpart, and returns the bytes taken with both quotes; 0 if none closes.
func appendQuoted(word, s []byte) ([]byte, int) {
	quote := s[0]
	for i := 1; i < len(s); {
		if s[i] == quote {
			return word, i + 1
		}
		c, size := unescape(s[i:], quote)
		word = append(word, c)
		i += size
	}
	return nil, 0
}

// unescape reads one character, escaped or not, inside the given quotes.
func unescape(s []byte, quote byte) (c byte, size int) {
	if s[0] != '\\' || len(s) < 2 {
		return s[0], 1
	}
	if quote == '\'' {
		if s[1] == '\'' {
			return '\'', 2
		}
		return s[0], 1
	}
	if len(s) >= 4 && s[1] == 'x' {
		if high, low := hexDigit(s[2]), hexDigit(s[3]); high >= 0 && low >= 0 {
			return byte(high<<4 | low), 4
		}
	}
	switch s[1] {
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'b':
		return '\b', 2
	case 'a':
		return '\a', 2
	}
	return s[1], 2
}

// hexDigit returns the value of c, or -1.
func hexDigit(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// isBlank tells what ends a word; isSpace, what may follow a closing quote and
// what is skipped before a word.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isSpace(c byte) bool { return isBlank(c) || c == '\v' || c == '\f' }
