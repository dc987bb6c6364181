package lua

import (
	"bytes"
	"strconv"

	glua "github.com/yuin/gopher-lua"
)

// decoder turns the bytes of a reply, which are our own writer's, into Lua values.
type decoder struct {
	s  *state
	L  *glua.LState
	in []byte
}

// value reads one reply. RESP2's null is false, since a nil would end a table;
// RESP3's is nil.
func (d *decoder) value() glua.LValue {
	kind, text := d.line()
	switch kind {
	case ':':
		return glua.LNumber(number(text))
	case '$':
		return d.bulk(number(text))
	case '*':
		return d.array(number(text))
	case '+':
		return d.s.fieldTable(d.L, "ok", string(text))
	case '-':
		return d.s.errorTable(d.L, string(text))
	case '_':
		return glua.LNil
	case '#':
		return glua.LBool(string(text) == "t")
	case ',':
		f, _ := strconv.ParseFloat(string(text), 64)
		return d.wrapped("double", glua.LNumber(f))
	case '(':
		return d.wrapped("big_number", d.s.newString(d.L, string(text)))
	case '=':
		return d.verbatim(number(text))
	case '%':
		return d.mapping(number(text))
	case '~':
		return d.set(number(text))
	}
	panic("lua: a reply of unknown type")
}

// line reads the first line of a reply without its end.
func (d *decoder) line() (kind byte, text []byte) {
	end := bytes.IndexByte(d.in, '\r')
	kind, text = d.in[0], d.in[1:end]
	d.in = d.in[end+len("\r\n"):]
	return kind, text
}

func number(text []byte) int {
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return int(n)
}

func (d *decoder) take(n int) string {
	text := string(d.in[:n])
	d.in = d.in[n+len("\r\n"):]
	return text
}

func (d *decoder) bulk(n int) glua.LValue {
	if n < 0 {
		return glua.LFalse
	}
	return d.s.newString(d.L, d.take(n))
}

func (d *decoder) array(n int) glua.LValue {
	if n < 0 {
		return glua.LFalse
	}
	t := d.s.newTable(d.L, n, 0)
	for i := 1; i <= n; i++ {
		t.RawSetInt(i, d.value())
	}
	trim(t, n)
	return t
}

// wrapped puts a value of RESP3 into a table that names its type.
func (d *decoder) wrapped(name string, v glua.LValue) glua.LValue {
	t := d.s.newTable(d.L, 0, 1)
	t.RawSetString(name, v)
	return t
}

func (d *decoder) verbatim(n int) glua.LValue {
	const format = 3 // letters, and a colon
	text := d.take(n)
	t := d.s.newTable(d.L, 0, 2)
	t.RawSetString("string", d.s.newString(d.L, text[format+1:]))
	t.RawSetString("format", glua.LString(text[:format]))
	return d.wrapped("verbatim_string", t)
}

func (d *decoder) mapping(pairs int) glua.LValue {
	t := d.s.newTable(d.L, 0, pairs)
	for range pairs {
		k := d.value()
		d.s.rawSet(d.L, t, k, d.value())
	}
	return d.wrapped("map", t)
}

func (d *decoder) set(n int) glua.LValue {
	t := d.s.newTable(d.L, 0, n)
	for range n {
		d.s.rawSet(d.L, t, d.value(), glua.LTrue)
	}
	return d.wrapped("set", t)
}
