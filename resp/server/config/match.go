package config

// Match tells whether a Redis glob pattern matches all of s: * any run, ? any byte, [abc], [a-z], [^a], \x for x itself.
func Match(pattern, s string, fold bool) bool {
	for len(pattern) > 0 {
		switch pattern[0] {
		case '*':
			return matchStar(pattern, s, fold)
		case '?':
			if s == "" {
				return false
			}
			pattern, s = pattern[1:], s[1:]
		default:
			n, ok := matchByte(pattern, s, fold)
			if !ok {
				return false
			}
			pattern, s = pattern[n:], s[1:]
		}
	}
	return s == ""
}

func matchStar(pattern, s string, fold bool) bool {
	for len(pattern) > 0 && pattern[0] == '*' {
		pattern = pattern[1:]
	}
	if pattern == "" {
		return true
	}
	for i := 0; i <= len(s); i++ {
		if Match(pattern, s[i:], fold) {
			return true
		}
	}
	return false
}

// matchByte matches one byte of s against the piece of the pattern that stands for it, and returns that piece's length.
func matchByte(pattern, s string, fold bool) (n int, ok bool) {
	if s == "" {
		return 0, false
	}
	if pattern[0] == '[' {
		return matchClass(pattern, s[0], fold)
	}
	n = 1
	if pattern[0] == '\\' && len(pattern) > 1 {
		n = 2
	}
	return n, lower(pattern[n-1], fold) == lower(s[0], fold)
}

// matchClass matches a bracket expression. One without its closing bracket reaches to the pattern's end.
func matchClass(pattern string, c byte, fold bool) (n int, ok bool) {
	i, not := 1, false
	if i < len(pattern) && pattern[i] == '^' {
		i, not = i+1, true
	}
	c = lower(c, fold)
	for ; i < len(pattern) && pattern[i] != ']'; i++ {
		switch {
		case pattern[i] == '\\' && i+1 < len(pattern):
			i++
			ok = ok || lower(pattern[i], fold) == c
		case i+2 < len(pattern) && pattern[i+1] == '-':
			from, to := lower(min(pattern[i], pattern[i+2]), fold), lower(max(pattern[i], pattern[i+2]), fold)
			ok = ok || c >= from && c <= to
			i += 2
		default:
			ok = ok || lower(pattern[i], fold) == c
		}
	}
	return min(i+1, len(pattern)), ok != not
}

func lower(c byte, fold bool) byte {
	if fold && c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
