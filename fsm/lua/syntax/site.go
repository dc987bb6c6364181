package syntax

// A Site is a place in the source where an instruction may fail. gopher-lua knows
// one number for each instruction, meant as its line; ours is an index into
// Chunk.Sites, so that an error can name what it was about.
type Site struct {
	Line int
	// Names tell the operands as Lua names them in errors, "local 'x'" or "field
	// 'y'"; empty for an operand without a name. A call has one: its function.
	Names []string
	// Method is set at a call of the form a:b().
	Method bool
}

// Guard is a function of the sandbox that the parser has calls to put into the
// program. The names cannot be written in Lua.
type Guard string

// The guards, as Chunk.Main takes them as arguments, in this order.
const (
	GuardConcat Guard = "@concat" // (a, b, ...) instead of a .. b
	GuardStore  Guard = "@store"  // (t, k, v) instead of t[k] = v where k is no constant name
	GuardAlloc  Guard = "@alloc"  // (bytes) where a loop or function makes tables or closures
	GuardTable  Guard = "@table"  // (t) around a constructor of unknown size; returns t
	GuardStart  Guard = "@start"  // (v) around the first value of a for; returns a number
	GuardLimit  Guard = "@limit"  // (v) around the limit of a for
	GuardStep   Guard = "@step"   // (v) around the step of a for
	GuardGlobal Guard = "@global" // (v) instead of name = v where name is global
)

// Guards lists all guards in the order of Chunk.Main's parameters.
func Guards() []Guard {
	return []Guard{GuardConcat, GuardStore, GuardAlloc, GuardTable, GuardStart, GuardLimit, GuardStep, GuardGlobal}
}
