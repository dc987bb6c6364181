package sim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// What an operation does to its key, which is absent ("") at first. The words are
// those of the history that a failing test prints.
const (
	opGet     = "get"     // reads Out
	opSet     = "set"     // writes New
	opIncr    = "incr"    // adds one; Out is the result
	opSwap    = "swap"    // reads Out and, if that is Old, writes New
	opReplace = "replace" // writes New where it found Old; otherwise it is not in the history
)

// Op is one operation of a client. Operations that certainly did not run are in no history.
type Op struct {
	Client   int
	Kind     string
	Key      string
	Old, New string
	Out      string
	Outcome  client.Outcome

	call, answer int64 // places in the order of all calls and answers
	Began, Ended time.Duration
	Where        string // what else is worth knowing
}

func (o Op) String() string {
	end := "never answered"
	if o.Outcome != client.Unknown {
		end = fmt.Sprintf("%v (%d)", o.Ended, o.answer)
	}
	return fmt.Sprintf("%v (%d) to %s: client %d %s %s old=%q new=%q out=%q %s",
		o.Began, o.call, end, o.Client, o.Kind, o.Key, o.Old, o.New, o.Out, o.Where)
}

// History is what clients did and were told. The order of calls and answers is the
// order in which they really happened in this process, which is finer than virtual time.
type History struct {
	began time.Time

	mu    sync.Mutex // guards what follows
	order int64
	ops   []Op
}

// NewHistory makes an empty one.
func NewHistory() *History { return &History{began: time.Now()} }

// Call notes that an operation begins.
func (h *History) Call(o Op) *Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.order++
	o.call, o.Began = h.order, time.Since(h.began)
	return &o
}

// Answer notes what became of it.
func (h *History) Answer(o *Op, outcome client.Outcome, out string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.order++
	o.answer, o.Ended, o.Outcome, o.Out = h.order, time.Since(h.began), outcome, out
	if outcome == client.Unknown {
		o.answer = math.MaxInt64
	}
	if outcome != client.Failed {
		h.ops = append(h.ops, *o)
	}
}

// Ops is all that was answered, and what never will be.
func (h *History) Ops() []Op {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ops)
}

// CheckRegisters finds the keys whose history is not linearizable. budget bounds the
// real time that it takes.
func CheckRegisters(ops []Op, budget time.Duration) (wrong []string) {
	byKey := make(map[string][]Op)
	for _, o := range ops {
		byKey[o.Key] = append(byKey[o.Key], o)
	}
	for key, ops := range byKey {
		switch porcupine.CheckOperationsTimeout(registerModel(), operations(ops), budget) {
		case porcupine.Illegal:
			wrong = append(wrong, fmt.Sprintf("the history of %s is not linearizable:\n%s", key, describe(ops)))
		case porcupine.Unknown:
			wrong = append(wrong, fmt.Sprintf("the history of %s, with %d operations, could not be checked within %v", key, len(ops), budget))
		}
	}
	slices.Sort(wrong)
	return wrong
}

// operations prepares the history of one key for the checker. What was read and not
// answered says nothing. A write of unknown outcome whose value nobody has seen can be
// left out: nothing depends on it, since every other operation either overwrites the
// value whatever it is or has seen it.
func operations(ops []Op) (out []porcupine.Operation) {
	seen := make(map[string]bool)
	for _, o := range ops {
		if o.Outcome == client.Done {
			seen[o.Out] = true
			if o.Kind == opReplace {
				seen[o.Old] = true
			}
		}
	}
	for _, o := range ops {
		if o.Outcome == client.Unknown && (o.Kind == opGet || o.Kind != opIncr && !seen[o.New]) {
			continue
		}
		out = append(out, porcupine.Operation{ClientId: max(o.Client, 0), Input: o, Call: o.call, Return: o.answer})
	}
	return out
}

// registerModel is one key. The state is its value.
func registerModel() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			o := input.(Op)
			ok, next := o.step(state.(string))
			return ok, next
		},
	}
}

// step tells whether the operation can have had its answer in this state, and which
// state follows. Without an answer every state will do.
func (o Op) step(state string) (ok bool, next string) {
	known := o.Outcome == client.Done
	switch o.Kind {
	case opGet:
		return !known || o.Out == state, state
	case opSet:
		return true, o.New
	case opIncr:
		n, _ := strconv.Atoi(state)
		next = strconv.Itoa(n + 1)
		return !known || o.Out == next, next
	case opSwap:
		if state == o.Old {
			next = o.New
		} else {
			next = state
		}
		return !known || o.Out == state, next
	case opReplace:
		if state == o.Old {
			return true, o.New
		}
		return !known, state
	}
	return false, state
}

// maxDescribed bounds how many operations of a key's history are printed.
const maxDescribed = 400

func describe(ops []Op) string {
	slices.SortFunc(ops, func(a, b Op) int { return int(a.call - b.call) })
	var b strings.Builder
	for _, o := range ops[max(0, len(ops)-maxDescribed):] {
		fmt.Fprintln(&b, " ", o)
	}
	return b.String()
}
