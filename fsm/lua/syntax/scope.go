package syntax

import "slices"

// Limits of Lua 5.1 on one function.
const (
	maxLocals   = 200
	maxUpvalues = 60
	maxLevels   = 200 // of nested expressions, blocks and functions
)

// Limits of our own on one function and on a chunk: gopher-lua's compiler takes
// quadratic time in the constants and miscompiles very large constructors.
const (
	maxConstants  = 16384
	maxArrayItems = 25_000
	MaxSource     = 1 << 20 // bytes
)

// Costs in bytes of memory, roughly gopher-lua's.
const (
	costTable   = 1024 // an empty one, with the first allocations of its parts
	costItem    = 24
	costField   = 160
	costClosure = 160
	costUpvalue = 64
)

// function is what the parser knows of a function it is in.
type function struct {
	parent    *function
	line      int
	vararg    bool
	dots      bool // "..." is used
	locals    []string
	upvalues  []string
	constants map[string]struct{}
	loops     int // open loops
	spans     []int
}

// resolve tells how a name is reached from the function.
func (f *function) resolve(name string) string {
	if slices.Contains(f.locals, name) {
		return "local '" + name + "'"
	}
	for p := f.parent; p != nil; p = p.parent {
		if slices.Contains(p.locals, name) {
			return "upvalue '" + name + "'"
		}
	}
	return "global '" + name + "'"
}

// capture notes an upvalue in every function between here and its owner.
func (p *parser) capture(name string) {
	for f := p.fn; f != nil && !slices.Contains(f.locals, name); f = f.parent {
		if !slices.Contains(f.upvalues, name) {
			f.upvalues = append(f.upvalues, name)
			p.limit(f, len(f.upvalues), maxUpvalues, "upvalues")
		}
	}
}

// declare makes names visible.
func (p *parser) declare(names ...string) {
	p.fn.locals = append(p.fn.locals, names...)
	p.limit(p.fn, len(p.fn.locals), maxLocals, "local variables")
}

// constant notes a constant of the function, however often it is used.
func (p *parser) constant(text string) {
	if p.fn.constants == nil {
		p.fn.constants = map[string]struct{}{}
	}
	p.fn.constants[text] = struct{}{}
	p.limit(p.fn, len(p.fn.constants), maxConstants, "constants")
}

func (p *parser) limit(f *function, n, limit int, what string) {
	if n <= limit {
		return
	}
	where := "main function"
	if f.parent != nil {
		where = "function at line " + itoa(f.line)
	}
	p.failPlain(where + " has more than " + itoa(limit) + " " + what)
}

// A span is a part of the program that may run again and again: a function's
// body or a loop's. What it allocates is counted, and charged each time it runs.

func (f *function) openSpan() { f.spans = append(f.spans, 0) }

func (f *function) closeSpan() (cost int) {
	last := len(f.spans) - 1
	cost = f.spans[last]
	f.spans = f.spans[:last]
	return cost
}

// charge adds to the cost of the innermost span; what runs once is free.
func (f *function) charge(bytes int) {
	if last := len(f.spans) - 1; last >= 0 {
		f.spans[last] += bytes
	}
}
