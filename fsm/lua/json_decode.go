package lua

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

func (s *state) jsonDecode(L *glua.LState, c *jsonConfig) int {
	if L.GetTop() != 1 {
		s.argError(L, 1, "expected 1 argument")
	}
	d := &jsonDecoder{s: s, L: L, config: c, in: s.checkString(L, 1)}
	if len(d.in) >= 2 && (d.in[0] == 0 || d.in[1] == 0) {
		s.fail(L, "JSON parser does not support UTF-16 or UTF-32")
	}
	s.work(L, 8*len(d.in))
	d.next()
	v := d.value(0)
	if d.next(); d.kind != jsonEnd {
		d.unexpected("the end")
	}
	return push(L, v)
}

// jsonKind is the kind of a token of JSON.
type jsonKind int

const (
	jsonObjectBegin jsonKind = iota
	jsonObjectEnd
	jsonArrayBegin
	jsonArrayEnd
	jsonString
	jsonNumber
	jsonBoolean
	jsonNull
	jsonColon
	jsonComma
	jsonEnd
	jsonInvalidToken
)

// String returns the kind as errors name it.
func (k jsonKind) String() string {
	return [...]string{
		"T_OBJ_BEGIN", "T_OBJ_END", "T_ARR_BEGIN", "T_ARR_END", "T_STRING", "T_NUMBER", "T_BOOLEAN", "T_NULL",
		"T_COLON", "T_COMMA", "T_END", "T_ERROR",
	}[k]
}

// jsonDecoder reads JSON. The fields after in describe the present token.
type jsonDecoder struct {
	s      *state
	L      *glua.LState
	config *jsonConfig
	in     string
	pos    int

	kind   jsonKind
	start  int
	text   string
	number float64
	truth  bool
	flaw   string // what is wrong with an invalid token
}

// unexpected fails because another token was expected.
func (d *jsonDecoder) unexpected(want string) {
	found := d.kind.String()
	if d.kind == jsonInvalidToken {
		found = d.flaw
	}
	d.s.fail(d.L, "Expected "+want+" but found "+found+" at character "+strconv.Itoa(d.start+1))
}

func (d *jsonDecoder) value(depth int) glua.LValue {
	switch d.kind {
	case jsonString:
		return d.s.newString(d.L, d.text)
	case jsonNumber:
		return glua.LNumber(d.number)
	case jsonBoolean:
		return glua.LBool(d.truth)
	case jsonNull:
		return d.s.null
	case jsonObjectBegin:
		return d.object(d.nested(depth))
	case jsonArrayBegin:
		return d.array(d.nested(depth))
	}
	d.unexpected("value")
	return nil
}

func (d *jsonDecoder) nested(depth int) int {
	if depth++; depth > d.config.decodeDepth {
		d.s.fail(d.L, "Found too many nested data structures ("+strconv.Itoa(depth)+") at character "+strconv.Itoa(d.start+1))
	}
	return depth
}

func (d *jsonDecoder) object(depth int) glua.LValue {
	t := d.s.newTable(d.L, 0, 1)
	if d.next(); d.kind == jsonObjectEnd {
		return t
	}
	for {
		if d.kind != jsonString {
			d.unexpected("object key string")
		}
		key := d.s.newString(d.L, d.text)
		if d.next(); d.kind != jsonColon {
			d.unexpected("colon")
		}
		d.next()
		d.s.rawSet(d.L, t, key, d.value(depth))
		switch d.next(); d.kind {
		case jsonObjectEnd:
			return t
		case jsonComma:
			d.next()
		default:
			d.unexpected("comma or object end")
		}
	}
}

func (d *jsonDecoder) array(depth int) glua.LValue {
	t := d.s.newTable(d.L, 4, 0)
	if d.next(); d.kind == jsonArrayEnd {
		return t
	}
	for i := 1; ; i++ {
		d.s.setItem(d.L, t, i, d.value(depth))
		switch d.next(); d.kind {
		case jsonArrayEnd:
			return t
		case jsonComma:
			d.next()
		default:
			d.unexpected("comma or array end")
		}
	}
}

// next reads the next token.
func (d *jsonDecoder) next() {
	d.s.spend(d.L, 1)
	for d.pos < len(d.in) && strings.IndexByte(" \t\n\r", d.in[d.pos]) >= 0 {
		d.pos++
	}
	d.start = d.pos
	if d.pos == len(d.in) {
		d.kind = jsonEnd
		return
	}
	c := d.in[d.pos]
	if i := strings.IndexByte("{}[]", c); i >= 0 {
		d.pos++
		d.kind = jsonObjectBegin + jsonKind(i)
		return
	}
	switch {
	case c == ':' || c == ',':
		d.pos++
		d.kind = jsonColon
		if c == ',' {
			d.kind = jsonComma
		}
	case c == '"':
		d.quoted()
	case c == '-' || isDigit(c):
		d.digits()
	case d.word("true"):
		d.kind, d.truth = jsonBoolean, true
	case d.word("false"):
		d.kind, d.truth = jsonBoolean, false
	case d.word("null"):
		d.kind = jsonNull
	case d.config.decodeInvalid && strings.IndexByte("iInN", c) >= 0:
		d.digits()
	default:
		d.invalid("invalid token")
	}
}

func (d *jsonDecoder) word(w string) bool {
	if !strings.HasPrefix(d.in[d.pos:], w) {
		return false
	}
	d.pos += len(w)
	return true
}

func (d *jsonDecoder) invalid(flaw string) { d.kind, d.flaw = jsonInvalidToken, flaw }

// digits reads a number, as C does, or an infinity or not-a-number if those are
// allowed.
func (d *jsonDecoder) digits() {
	end := d.pos
	for end < len(d.in) && (isAlpha(d.in[end]) || isDigit(d.in[end]) || strings.IndexByte("+-.", d.in[end]) >= 0) {
		end++
	}
	text := d.in[d.pos:end]
	if !d.config.decodeInvalid && notJSONNumber(text) {
		d.invalid("invalid number")
		return
	}
	for len(text) > 0 {
		if n, ok := syntax.ParseNumber(text); ok {
			d.kind, d.number = jsonNumber, n
			d.pos += len(text)
			return
		}
		text = text[:len(text)-1]
		d.s.spend(d.L, 1+len(text)/bytesPerStep)
	}
	if isAlpha(d.in[d.pos]) {
		d.invalid("invalid token")
	} else {
		d.invalid("invalid number")
	}
}

// notJSONNumber reports whether a number is one that C reads and JSON does not have.
func notJSONNumber(text string) bool {
	text = strings.TrimPrefix(text, "-")
	if text == "" || !isDigit(text[0]) {
		return true
	}
	return len(text) > 1 && text[0] == '0' && (isDigit(text[1]) || text[1]|0x20 == 'x')
}

// quoted reads a string.
func (d *jsonDecoder) quoted() {
	var out strings.Builder
	d.pos++
	for d.pos < len(d.in) {
		switch c := d.in[d.pos]; c {
		case '"':
			d.pos++
			d.kind, d.text = jsonString, out.String()
			return
		case '\\':
			if !d.escape(&out) {
				return
			}
		default:
			out.WriteByte(c)
			d.pos++
		}
	}
	d.start = d.pos
	d.invalid("unexpected end of string")
}

// escape reads a backslash and what follows it.
func (d *jsonDecoder) escape(out *strings.Builder) bool {
	d.start = d.pos
	d.pos++
	if d.pos == len(d.in) {
		d.start = d.pos
		d.invalid("unexpected end of string")
		return false
	}
	c := d.in[d.pos]
	if c == 'u' {
		return d.unicode(out)
	}
	i := strings.IndexByte(`"\/bfnrt`, c)
	if i < 0 {
		d.invalid("invalid escape code")
		return false
	}
	out.WriteByte("\"\\/\b\f\n\r\t"[i])
	d.pos++
	return true
}

// unicode reads \uXXXX, or two of them that are a surrogate pair.
func (d *jsonDecoder) unicode(out *strings.Builder) bool {
	r, ok := d.hex(d.pos + 1)
	d.pos += len("uXXXX")
	if ok && utf16.IsSurrogate(r) {
		var low rune
		if low, ok = d.hex(d.pos + len(`\u`)); ok && d.in[d.pos:d.pos+2] == `\u` {
			r = utf16.DecodeRune(r, low)
			d.pos += len(`\uXXXX`)
		}
		ok = ok && r != utf8.RuneError
	}
	if !ok {
		d.invalid("invalid unicode escape code")
		return false
	}
	out.WriteRune(r)
	return true
}

func (d *jsonDecoder) hex(at int) (rune, bool) {
	if at+4 > len(d.in) {
		return 0, false
	}
	n, err := strconv.ParseUint(d.in[at:at+4], 16, 32)
	return rune(n), err == nil
}
