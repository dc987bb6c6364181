package lua

import "context"

// budget counts what a run has left. gopher-lua takes it for a context and asks
// Done before every instruction.
type budget struct {
	context.Context // for what is not asked
	steps           int64
	bytes           int64
	why             string // why the run must end; empty while it may go on
	ended           chan struct{}
}

var _ context.Context = (*budget)(nil)

func newBudget() *budget {
	ended := make(chan struct{})
	close(ended)
	return &budget{Context: context.Background(), ended: ended}
}

// reset begins a run.
func (b *budget) reset(steps, bytes int64) { b.steps, b.bytes, b.why = steps, bytes, "" }

// Texts of the errors that end a script for good.
const (
	errSteps  = "Script exceeded its budget of instructions"
	errMemory = "Script exceeded its budget of memory"
)

// Done counts an instruction. The channel it returns is closed once the budget
// is spent, nil before.
func (b *budget) Done() <-chan struct{} {
	if b.steps--; b.steps >= 0 && b.why == "" {
		return nil
	}
	if b.why == "" {
		b.why = errSteps
	}
	return b.ended
}

// Err says why Done's channel is closed.
func (b *budget) Err() error {
	if b.why == "" {
		return nil
	}
	return spentError(b.why)
}

// spend takes steps and reports whether there were enough.
func (b *budget) spend(steps int) bool {
	if b.steps -= int64(steps); b.steps < 0 && b.why == "" {
		b.why = errSteps
	}
	return b.why == ""
}

// alloc takes bytes and reports whether there were enough.
func (b *budget) alloc(bytes int) bool {
	if b.bytes -= int64(bytes); b.bytes < 0 && b.why == "" {
		b.why = errMemory
	}
	return b.why == ""
}

// spentError ends the run; no pcall catches it.
type spentError string

func (e spentError) Error() string { return string(e) }
