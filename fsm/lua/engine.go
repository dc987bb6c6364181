package lua

import (
	"sync"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/fsm/lua/syntax"
)

// Engine runs scripts. It is safe for concurrent use: the applier and readers
// run scripts at the same time, each in a state of its own.
type Engine struct {
	steps, bytes int64 // budget of a run

	mu    sync.Mutex // guards what follows
	free  []*state
	cache cache
}

// NewEngine returns an Engine.
func NewEngine() *Engine {
	return &Engine{steps: maxSteps, bytes: maxAllocBytes, cache: newCache()}
}

// Compile checks a script as EVAL would. The text of the error is the reply.
func (e *Engine) Compile(script []byte) error {
	s, problem := parseScript(string(script))
	if problem != "" {
		return replyError(problem)
	}
	_, err := e.compile(s.source, scriptChunk)
	if err != nil {
		return replyError(compileProblem(err))
	}
	return nil
}

// replyError is an error whose text a client is meant to see.
type replyError string

func (e replyError) Error() string { return string(e) }

func compileProblem(err error) string {
	return "ERR Error compiling script (new function): " + err.Error()
}

// compile returns the compiled chunk, from the cache if it is there.
func (e *Engine) compile(source, name string) (*chunk, error) {
	key := chunkKey(source, name)
	e.mu.Lock()
	c := e.cache.get(key)
	e.mu.Unlock()
	if c != nil {
		return c, nil
	}
	c, err := newChunk(source, name, key)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.cache.put(c)
	e.mu.Unlock()
	return c, nil
}

// borrow returns a state that nobody else uses.
func (e *Engine) borrow() *state {
	e.mu.Lock()
	defer e.mu.Unlock()
	if last := len(e.free) - 1; last >= 0 {
		s := e.free[last]
		e.free = e.free[:last]
		return s
	}
	return newState(e)
}

// giveBack takes a state that ended its run in order.
func (e *Engine) giveBack(s *state) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.free) < maxFreeStates {
		e.free = append(e.free, s)
	}
}

// Specs returns the commands that run scripts in the machine. EVALSHA is none of
// them: the frontend turns it into EVAL.
func Specs(e *Engine) []*command.Spec {
	const group = "scripting"
	return []*command.Spec{
		{
			Name: "eval", Arity: -3,
			Flags: command.NoScript | command.Stale | command.SkipMonitor | command.MayReplicate |
				command.NoMandatoryKeys | command.MovableKeys,
			KeySpecs: keySpecs("RW access update", "RW and UPDATE"), Keys: scriptKeys,
			ACL: []string{"slow", "scripting"}, Since: "2.6.0", Group: group,
			Summary:    "Execute a Lua script server side",
			Complexity: "Depends on the script that is executed.",
			Run:        func(c *command.Ctx) { e.eval(c, false) },
		},
		{
			Name: "eval_ro", Arity: -3,
			Flags: command.ReadOnly | command.NoScript | command.Stale | command.SkipMonitor |
				command.NoMandatoryKeys | command.MovableKeys,
			KeySpecs: keySpecs("RO access", "RO and ACCESS"), Keys: scriptKeys,
			ACL: []string{"slow", "scripting"}, Since: "7.0.0", Group: group,
			Summary:    "Execute a read-only Lua script server side",
			Complexity: "Depends on the script that is executed.",
			Run:        func(c *command.Ctx) { e.eval(c, true) },
		},
	}
}

func keySpecs(flags, assumed string) []command.KeySpec {
	return []command.KeySpec{{
		Notes: "We cannot tell how the keys will be used so we assume the worst, " + assumed,
		Flags: flags, Index: 2, KeyNum: true, FirstKey: 1, Step: 1,
	}}
}

// scriptKeys finds the keys of "command script numkeys key [key ...] arg ...".
func scriptKeys(args [][]byte) ([]int, error) {
	const first = 3
	if len(args) < first {
		return nil, command.ErrKeyArguments
	}
	n, ok := command.ParseInt(args[first-1])
	if !ok || n < 0 || n > int64(len(args)-first) {
		return nil, command.ErrKeyArguments
	}
	at := make([]int, n)
	for i := range at {
		at[i] = first + i
	}
	return at, nil
}

// scriptChunk is the name Redis compiles scripts under.
const scriptChunk = "@user_script"

var _ error = (*syntax.Error)(nil)
