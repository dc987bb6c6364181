package lua

import (
	"math"
	"strconv"
	"strings"

	glua "github.com/yuin/gopher-lua"
)

func (s *state) jsonEncode(L *glua.LState, c *jsonConfig) int {
	if L.GetTop() != 1 {
		s.argError(L, 1, "expected 1 argument")
	}
	e := &jsonEncoder{s: s, L: L, config: c}
	e.value(L.Get(1), 0)
	return push(L, s.newString(L, e.out.String()))
}

type jsonEncoder struct {
	s      *state
	L      *glua.LState
	config *jsonConfig
	out    strings.Builder
}

func (e *jsonEncoder) fail(kind, problem string) {
	e.s.fail(e.L, "Cannot serialise "+kind+": "+problem)
}

func (e *jsonEncoder) value(v glua.LValue, depth int) {
	e.s.spend(e.L, 2)
	e.s.room(e.L, e.out.Len())
	switch v := v.(type) {
	case *glua.LNilType:
		e.out.WriteString("null")
	case glua.LBool:
		e.out.WriteString(v.String())
	case glua.LNumber:
		e.number(float64(v))
	case glua.LString:
		e.text(string(v))
	case *glua.LTable:
		e.table(e.s.real(v), depth+1)
	default:
		if v == glua.LValue(e.s.null) {
			e.out.WriteString("null")
			return
		}
		e.fail(v.Type().String(), "type not supported")
	}
}

func (e *jsonEncoder) number(f float64) {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		switch e.config.encodeInvalid {
		case invalidError:
			e.fail("number", "must not be NaN or Inf")
		case invalidNull:
			e.out.WriteString("null")
			return
		}
	}
	e.out.WriteString(formatGeneral(f, e.config.precision))
}

// text writes a string; bytes beyond ASCII stay as they are.
func (e *jsonEncoder) text(text string) {
	e.s.work(e.L, len(text))
	e.s.room(e.L, 6*len(text))
	const hex = "0123456789abcdef"
	e.out.WriteByte('"')
	for i := range len(text) {
		c := text[i]
		if at := strings.IndexByte("\b\t\n\f\r\"\\/", c); at >= 0 {
			e.out.WriteByte('\\')
			e.out.WriteByte("btnfr\"\\/"[at])
		} else if c < ' ' || c == 0x7f {
			e.out.WriteString(`\u00`)
			e.out.WriteByte(hex[c>>4])
			e.out.WriteByte(hex[c&15])
		} else {
			e.out.WriteByte(c)
		}
	}
	e.out.WriteByte('"')
}

func (e *jsonEncoder) table(t *glua.LTable, depth int) {
	if depth > e.config.encodeDepth {
		e.s.fail(e.L, "Cannot serialise, excessive nesting ("+strconv.Itoa(depth)+")")
	}
	if n := e.arrayLength(t); n > 0 {
		e.array(t, n, depth)
	} else {
		e.object(t, depth)
	}
}

// arrayLength returns the highest index if all keys are positive integers, 0 if
// the table is an object.
func (e *jsonEncoder) arrayLength(t *glua.LTable) int {
	highest, items := 0, 0
	for k, _ := t.Next(glua.LNil); k != glua.LNil; k, _ = t.Next(k) {
		e.s.spend(e.L, 1)
		n, ok := k.(glua.LNumber)
		if !ok || n < 1 || n != glua.LNumber(math.Floor(float64(n))) || n > math.MaxInt32 {
			return 0
		}
		highest, items = max(highest, int(n)), items+1
	}
	c := e.config
	if c.sparseRatio > 0 && highest > items*c.sparseRatio && highest > c.sparseSafe {
		if !c.sparseConvert {
			e.fail("table", "excessively sparse array")
		}
		return 0
	}
	return highest
}

func (e *jsonEncoder) array(t *glua.LTable, n, depth int) {
	e.out.WriteByte('[')
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.out.WriteByte(',')
		}
		e.value(t.RawGet(glua.LNumber(i)), depth)
	}
	e.out.WriteByte(']')
}

func (e *jsonEncoder) object(t *glua.LTable, depth int) {
	e.out.WriteByte('{')
	first := true
	for k, v := t.Next(glua.LNil); k != glua.LNil; k, v = t.Next(k) {
		if !first {
			e.out.WriteByte(',')
		}
		first = false
		switch k := k.(type) {
		case glua.LNumber:
			e.out.WriteByte('"')
			e.number(float64(k))
			e.out.WriteByte('"')
		case glua.LString:
			e.text(string(k))
		default:
			e.fail(k.Type().String(), "table key must be a number or string")
		}
		e.out.WriteByte(':')
		e.value(v, depth)
	}
	e.out.WriteByte('}')
}
