package lua_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// program makes a random Lua program that ends, whatever it does: it counts its
// steps. What it computes it appends to a list, which is the reply.
type program struct {
	*rand.Rand
	scopes    [][]string // names of variables
	names     int
	depth     int // of blocks
	loops     int // open loops of the function
	vararg    []bool
	coroutine bool // the function may yield
}

// prologue defines what programs use.
const prologue = `local plain = tostring
local function tostring(v) -- without addresses, which differ
  local t = type(v) if t == "table" or t == "function" then return t end return plain(v)
end
local out, ticks, fs, none = {}, 0, {}, {}
local function tick() ticks = ticks + 1 if ticks > 200 then error("ticks", 0) end end
local function show(v)
  if v == 0 then return "0" end -- gopher-lua now and then loses the sign of -0
  if v ~= v then return "nan" end -- ours has one sign
  if type(v) == "string" then return (v:gsub("%-0([^%.])", "0%1"):gsub("%-0$", "0"):gsub("%-nan", "nan")) end
  if type(v) ~= "table" then return type(v) == "function" and "function" or tostring(v) end
  local n = 0 for _ in pairs(v) do n = n + 1 end return "table" .. n
end
local function rec(...) tick() for i = 1, select("#", ...) do out[#out + 1] = show((select(i, ...))) end end
local function id(...) return ... end
local function two(a, b) return b, a end
local function second(...) return (select(2, ...)) end
`

func newProgram(seed uint64) *program {
	return &program{Rand: rand.New(rand.NewPCG(seed, seed)), scopes: [][]string{nil}, vararg: []bool{false}}
}

func (p *program) text() string {
	body := p.many(2+p.IntN(5), " ", p.statement)
	return prologue + "local ok, e = pcall(function() " + body + " end)\nout[#out + 1] = tostring(ok) out[#out + 1] = show(e)\nreturn out"
}

func (p *program) oneOf(choices ...string) string { return choices[p.IntN(len(choices))] }

func (p *program) many(n int, separator string, make func() string) string {
	return strings.Join(repeat(n, make), separator)
}

func repeat(n int, make func() string) (parts []string) {
	for range n {
		parts = append(parts, make())
	}
	return parts
}

func (p *program) fresh() string {
	p.names++
	return fmt.Sprint("v", p.names)
}

// variable returns a visible variable, or a constant if there is none.
func (p *program) variable() string {
	var all []string
	for _, s := range p.scopes {
		all = append(all, s...)
	}
	if len(all) == 0 {
		return "none"
	}
	return all[p.IntN(len(all))]
}

func (p *program) declare(names ...string) {
	last := len(p.scopes) - 1
	p.scopes[last] = append(p.scopes[last], names...)
}

func (p *program) value() string { return p.expression(1) }
func (p *program) small() string { return p.expression(2) }

func (p *program) expression(depth int) string {
	if depth > 2 || p.IntN(10) < 4 {
		return p.simple()
	}
	deeper := func() string { return p.expression(depth + 1) }
	switch n := p.IntN(100); {
	case n < 16:
		return deeper() + " " + p.oneOf("+", "-", "*", "/", "%", "^") + " " + deeper()
	case n < 24:
		return deeper() + " .. " + deeper()
	case n < 36:
		return deeper() + " " + p.oneOf("<", "<=", ">", ">=", "==", "~=") + " " + deeper()
	case n < 54:
		return deeper() + " " + p.oneOf("and", "or") + " " + deeper()
	case n < 62:
		return p.oneOf("not", "#", "not not", "- 1 *") + " " + deeper()
	case n < 71:
		return "(" + deeper() + ")"
	case n < 78:
		return "{" + p.many(p.IntN(4), ", ", func() string { return p.oneOf("", "k = ", `["q"] = `) + deeper() }) + "}"
	case n < 87:
		return p.oneOf("tostring", "type", "tonumber", "second", "id", "two") + "(" + p.many(1+p.IntN(3), ", ", deeper) + ")"
	case n < 91:
		return p.variable() + "[" + deeper() + "]"
	case n < 94:
		return p.variable() + p.oneOf(".x", ".k", ".q")
	case n < 96 && p.vararg[len(p.vararg)-1]:
		return p.oneOf("...", "(...)", `select("#", ...)`)
	}
	return p.function()
}

func (p *program) simple() string {
	if p.IntN(10) < 6 {
		return p.variable()
	}
	return p.oneOf("0", "1", "2", "3.5", "-1", "nil", "true", "false", `"a"`, `"b"`, `"10"`, `"x y"`, "1e3", "0x1f", "{}", "{1, 2}", "{x = 1}")
}

// inside makes something in a function of its own.
func (p *program) inside(params []string, vararg, coroutine bool, make func() string) string {
	loops, yields := p.loops, p.coroutine
	p.loops, p.coroutine = 0, coroutine
	p.scopes, p.vararg = append(p.scopes, params), append(p.vararg, vararg)
	text := make()
	p.scopes, p.vararg = p.scopes[:len(p.scopes)-1], p.vararg[:len(p.vararg)-1]
	p.loops, p.coroutine = loops, yields
	return text
}

func (p *program) function() string {
	params := repeat(p.IntN(4), p.fresh)
	vararg := p.IntN(10) < 4
	body := p.inside(params, vararg, false, func() string {
		text := p.block(2, 1+p.IntN(2))
		switch p.IntN(5) {
		case 0:
			return text
		case 1:
			return text + " return id(" + p.small() + ")"
		case 2:
			return text + " return two(" + p.small() + ", " + p.small() + ")"
		}
		return text + " return " + p.many(1+p.IntN(3), ", ", p.small)
	})
	if vararg {
		params = append(params, "...")
	}
	return "function(" + strings.Join(params, ", ") + ") " + body + " end"
}

// block makes n statements in a scope, deeper by levels.
func (p *program) block(levels, n int) string {
	p.scopes, p.depth = append(p.scopes, nil), p.depth+levels
	text := p.many(n, " ", p.statement)
	if p.loops > 0 && p.IntN(5) == 0 {
		text += " if " + p.small() + " then break end"
	}
	p.scopes, p.depth = p.scopes[:len(p.scopes)-1], p.depth-levels
	return text
}

func (p *program) statement() string {
	nested := p.depth < 3
	switch n := p.IntN(100); {
	case n < 22:
		return p.local()
	case n < 40:
		return p.assignment()
	case n < 50:
		return "rec(" + p.value() + ")"
	case n < 58:
		return p.closure()
	case n < 62:
		return p.library()
	case n < 65 && p.coroutine:
		return p.oneOf("rec(coroutine.yield(", "local y = second(coroutine.yield(") + p.value() + "))"
	case n < 70 && nested:
		return p.startCoroutine()
	case n < 90 && nested:
		return p.structure()
	case n < 95:
		return "rec(pcall(" + p.function() + "))"
	}
	return `rec(select("#", ` + p.value() + "))"
}

func (p *program) local() string {
	values := p.many(1+p.IntN(3), ", ", p.value)
	names := repeat(1+p.IntN(3), func() string {
		if p.IntN(4) == 0 {
			if v := p.variable(); v != "none" {
				return v
			}
		}
		return p.fresh()
	})
	p.declare(names...)
	return "local " + strings.Join(names, ", ") + " = " + values
}

func (p *program) assignment() string {
	target := func() string {
		v := p.variable()
		switch {
		case v == "none":
			return "none.unused"
		case p.IntN(10) < 7:
			return v
		case p.IntN(2) == 0:
			return v + p.oneOf(".x", ".k")
		}
		return v + "[" + p.small() + "]"
	}
	return p.many(1+p.IntN(3), ", ", target) + " = " + p.many(1+p.IntN(3), ", ", p.value)
}

// closure makes functions that share variables and are called later.
func (p *program) closure() string {
	v := p.variable()
	if v == "none" {
		return "rec(#fs)"
	}
	switch p.IntN(3) {
	case 0:
		return "fs[#fs + 1] = function() " + v + " = " + p.small() + " return " + v + " end"
	case 1:
		return "fs[#fs + 1] = function(...) return " + v + ", ... end"
	}
	return "rec(pcall(fs[" + p.oneOf("1", "2", "#fs") + "] or id, " + p.small() + "))"
}

func (p *program) library() string {
	a, b := p.small(), p.small()
	switch p.IntN(5) {
	case 0:
		return "rec(pcall(string." + p.oneOf("sub", "find", "byte", "format", "match", "gsub") + ", " + a + ", " + p.oneOf("1", "2", "-1", `"a"`, `"%d"`, `"(.)"`) + "))"
	case 1:
		return "rec(pcall(table." + p.oneOf("concat", "insert", "remove", "getn") + ", " + a + ", " + b + "))"
	case 2:
		return "rec(pcall(math." + p.oneOf("floor", "max", "min", "abs") + ", " + a + ", " + b + "))"
	case 3:
		return "rec(pcall(unpack, " + a + "))"
	}
	return "rec(pcall(setmetatable, " + a + ", {__index = function(t, k) return k end, __add = function() return 7 end, " +
		`__call = function(self, x) return x end, __concat = function() return "cat" end, __eq = function() return true end}))`
}

func (p *program) startCoroutine() string {
	p.names++
	name := fmt.Sprint("c", p.names)
	body := p.inside(nil, true, true, func() string { return p.block(1, 1+p.IntN(3)) + " return " + p.small() })
	calls := p.many(1+p.IntN(4), " ", func() string { return "rec(pcall(" + name + ", " + p.small() + "))" })
	return "local " + name + " = coroutine.wrap(function(...) " + body + " end) " + calls
}

func (p *program) structure() string {
	switch p.IntN(7) {
	case 0, 1:
		return p.branch()
	case 2:
		return p.loop([]string{p.fresh()}, func(names string) string {
			return "for " + names + " = " + p.oneOf("1, 3", "3, 1, -1", "1, 2, 0.5", "0, 0") + " do"
		})
	case 3:
		return p.loop([]string{p.fresh(), p.fresh()}, func(names string) string {
			return "for " + names + " in " + p.oneOf("ipairs({5, 6, 7})", "pairs({9})", `ipairs({"p", nil, 1})`) + " do"
		})
	case 4:
		counter := p.fresh()
		return p.loop(nil, func(string) string {
			return "local " + counter + " = 0 while " + counter + " < 3 do " + counter + " = " + counter + " + 1"
		})
	case 5:
		name := p.fresh()
		p.declare(name)
		return "local function " + name + strings.TrimPrefix(p.function(), "function")
	}
	return "do " + p.block(1, 1+p.IntN(3)) + " end"
}

func (p *program) branch() string {
	text := "if " + p.value() + " then " + p.block(1, 1+p.IntN(2))
	if p.IntN(10) < 4 {
		text += " elseif " + p.value() + " then " + p.block(1, 1)
	}
	if p.IntN(2) == 0 {
		text += " else " + p.block(1, 1+p.IntN(2))
	}
	return text + " end"
}

func (p *program) loop(names []string, head func(names string) string) string {
	p.scopes = append(p.scopes, names)
	p.loops++
	text := head(strings.Join(names, ", ")) + " tick() " + p.block(1, 1+p.IntN(3)) + " end"
	p.loops--
	p.scopes = p.scopes[:len(p.scopes)-1]
	return text
}
