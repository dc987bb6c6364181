package lua

import (
	"math"

	glua "github.com/yuin/gopher-lua"

	"github.com/redoubtdb/redoubt/resp"
)

// state is a Lua state with the sandbox in it. One goroutine at a time uses it.
type state struct {
	engine  *Engine
	L       *glua.LState
	globals *glua.LTable
	guards  []glua.LValue // the arguments of a chunk, see syntax.Guards
	start   *glua.LFunction
	shield  *glua.LFunction
	shields []*glua.LState // threads for pcall, by depth
	budget  *budget
	co      coroutines
	null    *glua.LUserData               // cjson.null
	texts   *glua.LTable                  // the table string, not locked
	reals   map[*glua.LTable]*glua.LTable // what a locked table stands for

	inner resp.Writer // replies of redis.call
	arena []byte      // arguments of redis.call
	argv  [][]byte

	run run
}

// run is what belongs to one run of a script.
type run struct {
	job    *job
	proto  int // of redis.call's replies: 2 or 3
	random drand
	chunks map[string]*chunk // by key
	raised position          // of the last error
	broken bool              // the state must not be used again
	bug    any               // what a command panicked with
	depth  int               // calls of protect that are going on
	active []*glua.LState    // coroutines that are going on, outermost first
	names  map[glua.LValue]int
	graves map[*glua.LTable]*grave
	json   *jsonConfig
}

// newState makes a state with all that scripts see, locked.
func newState(e *Engine) *state {
	s := &state{engine: e, budget: newBudget()}
	s.L = glua.NewState(glua.Options{
		SkipOpenLibs: true, CallStackSize: maxCallFrames,
		RegistrySize: startRegisters, RegistryGrowStep: growRegisters, RegistryMaxSize: maxRegisters,
	})
	s.L.SetContext(s.budget)
	s.globals = s.L.G.Global
	s.start = s.L.NewFunction(s.runJob)
	s.shield = s.L.NewFunction(s.shielded)
	s.co = s.openCoroutines()
	s.makeGuards()
	s.openLibraries()
	s.openMetatables()
	return s
}

// begin prepares the state for a job.
func (s *state) begin(j *job) {
	s.budget.reset(s.engine.steps, s.engine.bytes)
	s.run = run{job: j, proto: 2, random: newDrand(j.ctx.Rand.Uint64()), chunks: map[string]*chunk{j.chunk.key: j.chunk}, json: newJSONConfig()}
	s.L.G.CurrentThread = s.L
	s.globals.RawSetString("KEYS", s.strings(j.keys))
	s.globals.RawSetString("ARGV", s.strings(j.args))
}

func (s *state) strings(list [][]byte) *glua.LTable {
	t := s.L.CreateTable(len(list), 0)
	for i, b := range list {
		t.RawSetInt(i+1, glua.LString(b))
	}
	return t
}

// end drops what the run has left in the state.
func (s *state) end() {
	s.run = run{}
	s.L.SetTop(0)
	s.globals.RawSetString("KEYS", glua.LNil)
	s.globals.RawSetString("ARGV", glua.LNil)
	const keep = 64 << 10 // bytes of a buffer worth keeping
	if s.inner.Reset(); cap(s.inner.Bytes()) > keep {
		s.inner = resp.Writer{}
	}
	if cap(s.arena) > keep {
		s.arena = nil
	}
}

// runScript runs a job, writes its reply and reports whether the state is as before.
func (s *state) runScript(j *job) (intact bool) {
	s.begin(j)
	s.L.Push(s.start)
	err := s.protect(s.L, 0)
	if s.run.bug != nil {
		panic(s.run.bug)
	}
	if err == nil {
		s.reply(s.L.Get(-1))
	} else {
		s.replyError(err)
	}
	intact = !s.run.broken && s.budget.why == ""
	s.end()
	return intact
}

// runJob is the first function of a run.
func (s *state) runJob(L *glua.LState) int {
	L.Push(s.instantiate(L, s.run.job.chunk))
	L.Call(0, 1)
	return 1
}

// instantiate returns the program of a chunk as a function.
func (s *state) instantiate(L *glua.LState, c *chunk) glua.LValue {
	L.Push(L.NewFunctionFromProto(c.proto))
	for _, g := range s.guards {
		L.Push(g)
	}
	L.Call(len(s.guards), 1)
	fn := L.Get(-1)
	L.Pop(1)
	return fn
}

// spend charges steps, and ends the run if there are none left.
func (s *state) spend(L *glua.LState, steps int) {
	if !s.budget.spend(steps) {
		s.stop(L)
	}
}

// alloc charges bytes, and ends the run if there are none left.
func (s *state) alloc(L *glua.LState, bytes int) {
	if !s.budget.alloc(bytes) {
		s.stop(L)
	}
}

// work charges for copying or comparing bytes.
func (s *state) work(L *glua.LState, bytes int) { s.spend(L, 1+bytes/bytesPerStep) }

// newString charges for a string that a function returns.
func (s *state) newString(L *glua.LState, text string) glua.LString {
	s.work(L, len(text))
	s.alloc(L, costString+len(text))
	return glua.LString(text)
}

// room makes sure that a string of n bytes may be made, before it is.
func (s *state) room(L *glua.LState, n int) {
	if n < 0 || int64(n) > s.budget.bytes {
		s.alloc(L, math.MaxInt32)
	}
}

// newTable charges for a table and returns it, with room for items and fields.
func (s *state) newTable(L *glua.LState, items, fields int) *glua.LTable {
	s.alloc(L, costTable+items*costItem+fields*costField)
	return L.CreateTable(items, fields)
}
