package persistence

import (
	"bytes"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// A long job pauses as long as it has worked; what is over in a moment, and what somebody waits for, does not.
func TestTurns(t *testing.T) {
	const pieces = 4
	for _, c := range []struct {
		name  string
		turns *turns
		work  time.Duration
		want  time.Duration // for all pieces
	}{
		{"long pieces", &turns{}, 5 * time.Millisecond, 2 * pieces * 5 * time.Millisecond},
		{"short pieces are put together", &turns{}, 600 * time.Microsecond, 2 * pieces * 600 * time.Microsecond},
		{"nobody waits for others", nil, 5 * time.Millisecond, pieces * 5 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			r := &yieldingReader{bytes.NewReader(make([]byte, pieces)), c.turns}
			for {
				if _, err := r.Read(make([]byte, 1)); err == io.EOF {
					break
				}
				time.Sleep(c.work)
			}
			if got := time.Since(began); got != c.want {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		})
	}
}
