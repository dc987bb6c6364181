package syntax

// kind is the kind of a token: a single character is its own kind.
type kind int

// Kinds of tokens that are longer than a character. Reserved words come first,
// in the order of reserved.
const (
	kindAnd kind = iota + 257
	kindBreak
	kindDo
	kindElse
	kindElseif
	kindEnd
	kindFalse
	kindFor
	kindFunction
	kindIf
	kindIn
	kindLocal
	kindNil
	kindNot
	kindOr
	kindRepeat
	kindReturn
	kindThen
	kindTrue
	kindUntil
	kindWhile
	kindConcat // ..
	kindDots   // ...
	kindEqual
	kindGreaterEqual
	kindLessEqual
	kindNotEqual
	kindNumber
	kindName
	kindString
	kindEOF
)

// words are the texts of the kinds, from kindAnd on.
func words() [kindEOF - kindAnd + 1]string {
	return [...]string{
		"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil",
		"not", "or", "repeat", "return", "then", "true", "until", "while",
		"..", "...", "==", ">=", "<=", "~=", "<number>", "<name>", "<string>", "<eof>",
	}
}

// reserved returns the kind of a reserved word, kindName for any other name.
func reserved(name string) kind {
	all := words()
	for i, w := range all[:kindWhile-kindAnd+1] {
		if w == name {
			return kindAnd + kind(i)
		}
	}
	return kindName
}

// String returns the kind as error texts show it.
func (k kind) String() string {
	if k >= kindAnd {
		return words()[k-kindAnd]
	}
	if k < ' ' || k == 0x7f {
		return "char(" + itoa(int(k)) + ")"
	}
	return string([]byte{byte(k)})
}

// token is one word of the source.
type token struct {
	kind kind
	text string  // as written, for names, numbers and strings
	str  string  // value of a name or string
	num  float64 // value of a number
	line int     // where it ends
}

// shown returns the token as error texts quote it.
func (t *token) shown() string {
	switch t.kind {
	case kindName, kindString, kindNumber:
		return t.text
	}
	return t.kind.String()
}
