package lua

import (
	glua "github.com/yuin/gopher-lua"
)

// protect calls the function below the nargs values on top of the stack, and
// leaves its results there, or returns the error.
//
// The call runs on a thread of its own. When an error begins, gopher-lua closes
// the variables that closures share with any function on the thread's stack; on
// the caller's own stack that would cut off variables which live on after the
// error was caught.
func (s *state) protect(L *glua.LState, nargs int) *glua.ApiError {
	if s.run.depth == maxProtected {
		L.Pop(nargs + 1)
		return &glua.ApiError{Object: glua.LString("C stack overflow")}
	}
	thread := s.shieldThread(s.run.depth)
	thread.Push(s.shield)
	L.XMoveTo(thread, nargs+1)
	s.run.depth++
	running := L.G.CurrentThread
	err := thread.PCall(nargs+1, glua.MultRet, nil)
	L.G.CurrentThread = running
	s.run.depth--
	if err == nil {
		thread.XMoveTo(L, thread.GetTop())
		return nil
	}
	thread.SetTop(0)
	e, ok := err.(*glua.ApiError)
	if !ok || e.Type == glua.ApiErrorPanic {
		// A panic inside gopher-lua: deterministic, and a bug.
		s.run.broken = true
		e = &glua.ApiError{Object: glua.LString("internal error of the script engine")}
	}
	return e
}

// shielded calls its first argument with the others, with our hook for errors.
func (s *state) shielded(L *glua.LState) int {
	L.Panic = s.raise
	L.Call(L.GetTop()-1, glua.MultRet)
	return L.GetTop()
}

// shieldThread returns the thread for calls of protect at a depth. Nearly all are
// at a small one, so only those get large stacks.
func (s *state) shieldThread(depth int) *glua.LState {
	if depth < len(s.shields) {
		return s.shields[depth]
	}
	calls := maxCallFrames
	if depth >= largeProtected {
		calls = maxThreadCalls
	}
	thread := s.thread(s.L, calls, startRegisters)
	s.shields = append(s.shields, thread)
	return thread
}

// thread makes a thread that shares our budget; gopher-lua would give it a
// context of its own, which counts nothing.
func (s *state) thread(L *glua.LState, calls, registers int) *glua.LState {
	saved := L.Options
	L.Options.CallStackSize, L.Options.RegistrySize = calls, registers
	L.RemoveContext()
	thread, _ := L.NewThread()
	L.SetContext(s.budget)
	L.Options = saved
	thread.SetContext(s.budget)
	return thread
}
