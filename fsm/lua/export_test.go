package lua

// NewSmallEngine returns an Engine with a smaller budget.
func NewSmallEngine(steps, bytes int64) *Engine {
	e := NewEngine()
	e.steps, e.bytes = steps, bytes
	return e
}
