package persistence

import (
	"testing"
	"time"
)

// Full is asked for every entry that is made: it must not wait for a group that is being
// opened, whose log may be long.
func TestFullDoesNotWait(t *testing.T) {
	d := openTestDir(t, t.TempDir())
	d.mu.Lock()
	defer d.mu.Unlock()
	asked := make(chan bool, 1)
	go func() { asked <- d.Full(0) }()
	select {
	case <-asked:
	case <-time.After(10 * time.Second):
		t.Error("it waits")
	}
}
