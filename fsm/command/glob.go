package command

// Glob reports whether s matches a pattern as KEYS and PSUBSCRIBE take it: '*'
// any bytes, '?' any one byte, '[a-z]' and '[^a-z]' one byte of a class, '\'
// takes the next byte literally. A class need not be closed at the pattern's end.
//
// Every element but '*' takes exactly one byte, so that only the last '*' passed
// ever needs another try: the time is at most len(pattern) * len(s).
func Glob(pattern, s []byte) bool {
	if len(s) == 0 {
		return len(pattern) == 0 // not even "*", as in Redis
	}
	var afterStar, retry []byte // where to go on when the last '*' takes one byte more
	starred := false
	for len(s) > 0 {
		if len(pattern) > 0 && pattern[0] == '*' {
			pattern = skipStars(pattern)
			if len(pattern) == 0 {
				return true
			}
			afterStar, retry, starred = pattern, s, true
			continue
		}
		rest, ok := globOne(pattern, s[0])
		switch {
		case ok:
			pattern, s = rest, s[1:]
		case !starred:
			return false
		default:
			retry = retry[1:]
			pattern, s = afterStar, retry
		}
	}
	return len(skipStars(pattern)) == 0
}

func skipStars(pattern []byte) []byte {
	for len(pattern) > 0 && pattern[0] == '*' {
		pattern = pattern[1:]
	}
	return pattern
}

// globOne matches c with the first element of pattern, which is no '*', and
// returns what follows the element.
func globOne(pattern []byte, c byte) (rest []byte, ok bool) {
	if len(pattern) == 0 {
		return nil, false
	}
	switch {
	case pattern[0] == '?':
		return pattern[1:], true
	case pattern[0] == '[':
		return globClass(pattern[1:], c)
	case pattern[0] == '\\' && len(pattern) > 1:
		pattern = pattern[1:]
	}
	return pattern[1:], pattern[0] == c
}

// globClass matches c with a class whose '[' is already gone.
func globClass(class []byte, c byte) (rest []byte, ok bool) {
	not := len(class) > 0 && class[0] == '^'
	if not {
		class = class[1:]
	}
	for len(class) > 0 && class[0] != ']' {
		low, high := class[0], class[0]
		switch {
		case low == '\\' && len(class) > 1:
			low, high = class[1], class[1]
			class = class[1:]
		case len(class) > 2 && class[1] == '-':
			low, high = min(low, class[2]), max(low, class[2])
			class = class[2:]
		}
		ok = ok || low <= c && c <= high
		class = class[1:]
	}
	if len(class) > 0 {
		class = class[1:] // the ']'
	}
	return class, ok != not
}
