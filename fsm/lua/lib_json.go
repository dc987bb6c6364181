package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// jsonConfig are the settings a script can change for the rest of its run.
type jsonConfig struct {
	sparseConvert bool // write sparse arrays as objects instead of failing
	sparseRatio   int  // 0: no array is too sparse
	sparseSafe    int  // arrays up to this index are never too sparse
	encodeDepth   int
	decodeDepth   int
	precision     int // significant digits of numbers
	keepBuffer    bool
	encodeInvalid invalid
	decodeInvalid bool
}

// invalid says what to do with a number that JSON does not have.
type invalid int

const (
	invalidError invalid = iota
	invalidNumber
	invalidNull
)

func newJSONConfig() *jsonConfig {
	return &jsonConfig{
		sparseRatio: 2, sparseSafe: 10, encodeDepth: 1000, decodeDepth: 1000, precision: 14,
		keepBuffer: true, decodeInvalid: true,
	}
}

// jsonLibrary is cjson.
func (s *state) jsonLibrary() *glua.LTable {
	return s.jsonModule(func() *jsonConfig { return s.run.json })
}

// jsonModule makes the library for one set of settings.
func (s *state) jsonModule(config func() *jsonConfig) *glua.LTable {
	if s.null == nil {
		s.null = &glua.LUserData{Metatable: glua.LNil}
	}
	with := func(f func(*glua.LState, *jsonConfig) int) glua.LGFunction {
		return func(L *glua.LState) int { return f(L, config()) }
	}
	t := s.library([]entry{
		{"encode", with(s.jsonEncode)}, {"decode", with(s.jsonDecode)},
		{"encode_sparse_array", with(s.jsonSparse)},
		{"encode_max_depth", with(func(L *glua.LState, c *jsonConfig) int { return s.jsonInt(L, &c.encodeDepth, 1, 1<<31-1) })},
		{"decode_max_depth", with(func(L *glua.LState, c *jsonConfig) int { return s.jsonInt(L, &c.decodeDepth, 1, 1<<31-1) })},
		{"encode_number_precision", with(func(L *glua.LState, c *jsonConfig) int { return s.jsonInt(L, &c.precision, 1, 14) })},
		{"encode_keep_buffer", with(func(L *glua.LState, c *jsonConfig) int { return s.jsonBool(L, &c.keepBuffer) })},
		{"encode_invalid_numbers", with(s.jsonInvalid)},
		{"decode_invalid_numbers", with(func(L *glua.LState, c *jsonConfig) int { return s.jsonBool(L, &c.decodeInvalid) })},
		{"new", s.jsonNew},
	})
	t.RawSetString("null", s.null)
	t.RawSetString("_NAME", glua.LString("cjson"))
	t.RawSetString("_VERSION", glua.LString("2.1.0"))
	return t
}

func (s *state) jsonNew(L *glua.LState) int {
	s.alloc(L, 20*costField)
	own := newJSONConfig()
	return push(L, s.jsonModule(func() *jsonConfig { return own }))
}

// jsonInt sets a number if one is given, and returns it.
func (s *state) jsonInt(L *glua.LState, setting *int, low, high int) int {
	if L.GetTop() > 1 {
		s.argError(L, 2, "found too many arguments")
	}
	if L.Get(1) != glua.LNil {
		n := s.checkInt(L, 1)
		if n < low || n > high {
			s.argError(L, 1, "expected integer between "+formatNumber(float64(low))+" and "+formatNumber(float64(high)))
		}
		*setting = n
	}
	return push(L, glua.LNumber(*setting))
}

// jsonBool sets a boolean if one is given, also as "on" or "off", and returns it.
func (s *state) jsonBool(L *glua.LState, setting *bool) int {
	switch v := L.Get(1).(type) {
	case *glua.LNilType:
	case glua.LBool:
		*setting = bool(v)
	default:
		*setting = s.onOff(L, 1)
	}
	return push(L, glua.LBool(*setting))
}

func (s *state) onOff(L *glua.LState, i int) bool {
	switch text := s.checkString(L, i); text {
	case "on":
		return true
	case "off":
		return false
	default:
		s.argError(L, i, "invalid option '"+text+"'")
	}
	return false
}

func (s *state) jsonSparse(L *glua.LState, c *jsonConfig) int {
	s.jsonBool(L, &c.sparseConvert)
	if L.Get(2) != glua.LNil {
		c.sparseRatio = max(s.checkInt(L, 2), 0)
	}
	if L.Get(3) != glua.LNil {
		c.sparseSafe = max(s.checkInt(L, 3), 0)
	}
	return push(L, glua.LBool(c.sparseConvert), glua.LNumber(c.sparseRatio), glua.LNumber(c.sparseSafe))
}

func (s *state) jsonInvalid(L *glua.LState, c *jsonConfig) int {
	switch v := L.Get(1).(type) {
	case *glua.LNilType:
	case glua.LBool:
		c.encodeInvalid = invalidError
		if v {
			c.encodeInvalid = invalidNumber
		}
	default:
		if s.checkString(L, 1) == "null" {
			c.encodeInvalid = invalidNull
		} else if c.encodeInvalid = invalidError; s.onOff(L, 1) {
			c.encodeInvalid = invalidNumber
		}
	}
	if c.encodeInvalid == invalidNull {
		return push(L, glua.LString("null"))
	}
	return push(L, glua.LBool(c.encodeInvalid == invalidNumber))
}
