package lua

import (
	"slices"

	glua "github.com/yuin/gopher-lua"
)

// coroutines holds functions that are made once: gopher-lua's own for coroutines,
// and the iterators of pairs and ipairs.
type coroutines struct {
	create, resume *glua.LFunction
	next, ipairs   *glua.LFunction
}

func (s *state) openCoroutines() coroutines {
	s.L.Push(s.L.NewFunction(glua.OpenCoroutine))
	s.L.Call(0, 1)
	lib := s.L.Get(-1).(*glua.LTable)
	s.L.Pop(1)
	s.L.G.Global.RawSetString(glua.CoroutineLibName, glua.LNil)
	get := func(name string) *glua.LFunction { return lib.RawGetString(name).(*glua.LFunction) }
	return coroutines{
		create: get("create"), resume: get("resume"),
		next: s.L.NewFunction(s.baseNext), ipairs: s.L.NewFunction(s.ipairsNext),
	}
}

func (s *state) coroutineLibrary() []entry {
	return []entry{
		{"create", s.coCreate}, {"resume", s.coResume}, {"yield", s.coYield}, {"wrap", s.coWrap},
		{"status", s.coStatus}, {"running", s.coRunning},
	}
}

func (s *state) coCreate(L *glua.LState) int {
	s.newThread(L)
	return 1
}

// newThread pushes a coroutine for the function that is the first argument.
func (s *state) newThread(L *glua.LState) *glua.LState {
	if fn, ok := L.Get(1).(*glua.LFunction); !ok || fn.IsG {
		s.argError(L, 1, "Lua function expected")
	}
	s.alloc(L, costThread)
	L.SetTop(1)
	saved := L.Options
	L.Options.CallStackSize, L.Options.RegistrySize = maxThreadCalls, threadRegisters
	L.RemoveContext()
	s.co.create.GFunction(L)
	L.SetContext(s.budget)
	L.Options = saved
	thread := L.Get(-1).(*glua.LState)
	thread.SetContext(s.budget)
	return thread
}

func (s *state) checkThread(L *glua.LState, i int) *glua.LState {
	thread, ok := L.Get(i).(*glua.LState)
	if !ok {
		s.argError(L, i, "coroutine expected")
	}
	return thread
}

func (s *state) coResume(L *glua.LState) int {
	s.checkThread(L, 1)
	return s.resume(L)
}

// resume runs the coroutine that is the first argument with the others, and
// pushes what coroutine.resume returns.
func (s *state) resume(L *glua.LState) int {
	thread := L.Get(1).(*glua.LState)
	if status := s.status(thread); status != "suspended" {
		return push(L, glua.LFalse, glua.LString("cannot resume "+status+" coroutine"))
	}
	if len(s.run.active) == maxProtected {
		return push(L, glua.LFalse, glua.LString("C stack overflow"))
	}
	s.spend(L, stepsPerResume)
	running := L.G.CurrentThread
	s.run.active = append(s.run.active, thread)
	n := s.co.resume.GFunction(L)
	s.run.active = s.run.active[:len(s.run.active)-1]
	L.G.CurrentThread = running
	s.endIfSpent(L)
	if n > 1 && L.Get(-n) == glua.LFalse {
		if text, ok := L.Get(-n + 1).(glua.LString); ok {
			L.Replace(-n+1, glua.LString(s.translate(string(text))))
		}
	}
	return n
}

// status tells what a coroutine is doing. gopher-lua would ask who its caller's
// caller is, which may be a thread of protect.
func (s *state) status(thread *glua.LState) string {
	if i := slices.Index(s.run.active, thread); i >= 0 {
		if i == len(s.run.active)-1 {
			return "running"
		}
		return "normal"
	}
	if thread.Dead {
		return "dead"
	}
	return "suspended"
}

func (s *state) coWrap(L *glua.LState) int {
	thread := s.newThread(L)
	return push(L, L.NewFunction(func(L *glua.LState) int {
		L.Insert(thread, 1)
		n := s.resume(L)
		if L.Get(-n) != glua.LFalse {
			return n - 1
		}
		problem := L.Get(-n + 1)
		if text, ok := problem.(glua.LString); ok {
			problem = glua.LString(s.where(L, 1) + string(text))
		}
		s.throw(L, problem)
		return 0
	}))
}

// coYield refuses to yield where a library function would be left half done.
func (s *state) coYield(L *glua.LState) int {
	for level := 1; ; level++ {
		debug, ok := L.GetStack(level)
		if !ok {
			break
		}
		fn, err := L.GetInfo("f", debug, glua.LNil)
		if f, isFn := fn.(*glua.LFunction); err == nil && isFn && f.IsG {
			s.throw(L, glua.LString("attempt to yield across metamethod/C-call boundary"))
		}
	}
	return -1 // gopher-lua's sign of a yield
}

func (s *state) coStatus(L *glua.LState) int {
	return push(L, glua.LString(s.status(s.checkThread(L, 1))))
}

func (s *state) coRunning(L *glua.LState) int {
	if len(s.run.active) == 0 {
		return push(L, glua.LNil)
	}
	return push(L, s.run.active[len(s.run.active)-1])
}
