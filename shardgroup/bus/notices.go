package bus

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// noticesPerSecond bounds what a bus writes to the log about connections that
// came to nothing: anybody can make as many of them as he likes.
const noticesPerSecond = 10

// notices writes such lines, and counts those that it leaves out.
type notices struct {
	log *slog.Logger

	mu      sync.Mutex // guards the rest
	since   time.Time
	written int
	skipped int
}

// note writes a line, unless the second has had its share.
func (n *notices) note(level slog.Level, text string, args ...any) {
	n.mu.Lock()
	now := time.Now()
	if now.Sub(n.since) >= time.Second {
		n.since, n.written = now, 0
	}
	if n.written >= noticesPerSecond {
		n.skipped++
		n.mu.Unlock()
		return
	}
	n.written++
	if n.skipped > 0 {
		args = append(args, "unreported", n.skipped)
		n.skipped = 0
	}
	n.mu.Unlock()
	n.log.Log(context.Background(), level, text, args...)
}
