package config

import "strings"

// SplitWords splits a line into words the way redis-server and redis-cli do: blanks separate, a word that starts with a
// double quote may hold escapes (\n \r \t \b \a \xHH, and any other character for itself), one that starts with a single
// quote only \'. A closing quote must be followed by a blank or the end. It returns false for unbalanced quotes.
func SplitWords(line string) ([]string, bool) {
	words := []string{}
	for {
		line = strings.TrimLeft(line, " \t\n\v\f\r\x00")
		if line == "" {
			return words, true
		}
		word, rest, ok := cutWord(line)
		if !ok {
			return nil, false
		}
		words = append(words, word)
		line = rest
	}
}

// cutWord takes the first word off a line that starts with one. A quote opens anywhere in a word, but closes the word.
func cutWord(line string) (word, rest string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case '"', '\'':
			n, closed := unquote(&out, line[i:], c)
			if !closed {
				return "", "", false
			}
			return out.String(), line[i+n:], true
		case ' ', '\n', '\r', '\t', 0:
			return out.String(), line[i:], true
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), "", true
}

// unquote reads a quoted piece that starts s and returns its length with both quotes.
func unquote(out *strings.Builder, s string, quote byte) (n int, closed bool) {
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && quote == '"' && i+3 < len(s) && s[i+1] == 'x' && isHex(s[i+2]) && isHex(s[i+3]):
			out.WriteByte(hexValue(s[i+2])<<4 | hexValue(s[i+3]))
			i += 3
		case c == '\\' && quote == '"' && i+1 < len(s):
			i++
			out.WriteByte(unescape(s[i]))
		case c == '\\' && quote == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
			out.WriteByte('\'')
		case c == quote:
			return i + 1, i+1 == len(s) || isBlank(s[i+1])
		default:
			out.WriteByte(c)
		}
	}
	return 0, false
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'a':
		return '\a'
	}
	return c
}

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

// Quote writes a word so that SplitWords reads it back: in double quotes, with escapes for what is not printable.
func Quote(word string) string {
	const digits = "0123456789abcdef"
	var out strings.Builder
	out.WriteByte('"')
	for i := range len(word) {
		switch c := word[i]; c {
		case '\\', '"':
			out.WriteByte('\\')
			out.WriteByte(c)
		case '\n':
			out.WriteString(`\n`)
		case '\r':
			out.WriteString(`\r`)
		case '\t':
			out.WriteString(`\t`)
		case '\a':
			out.WriteString(`\a`)
		case '\b':
			out.WriteString(`\b`)
		default:
			if c >= ' ' && c < 0x7f {
				out.WriteByte(c)
				continue
			}
			out.WriteString(`\x`)
			out.WriteByte(digits[c>>4])
			out.WriteByte(digits[c&15])
		}
	}
	out.WriteByte('"')
	return out.String()
}
