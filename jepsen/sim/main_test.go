package sim

import (
	"os"
	"runtime/debug"
	"testing"
)

// gcPercent lets the heap of this process grow further than usual before it is collected:
// simulated clusters make a lot of garbage and hold little.
const gcPercent = 400

func TestMain(m *testing.M) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(m.Run())
}
