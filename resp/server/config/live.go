package config

import (
	"sync"
	"sync/atomic"
)

// Live is a node's current configuration. Readers load it without locks; CONFIG SET replaces it.
type Live struct {
	current atomic.Pointer[Config]

	mu          sync.Mutex // guards changes: one at a time, and the list below
	subscribers []func(before, now *Config)
}

// NewLive starts with c.
func NewLive(c *Config) *Live {
	l := &Live{}
	l.current.Store(c)
	return l
}

// Load returns the configuration as it is now.
func (l *Live) Load() *Config { return l.current.Load() }

// Subscribe calls f after every change, in the order of changes, on the goroutine that made the change. f must not
// change the configuration itself.
func (l *Live) Subscribe(f func(before, now *Config)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers = append(l.subscribers, f)
}

// Set changes the configuration as CONFIG SET does. approve may refuse the configuration that would result, or do what
// must succeed before it counts; nil approves everything.
func (l *Live) Set(pairs [][2]string, o SetOptions, approve func(before, next *Config) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.Load()
	next, err := before.Set(pairs, o)
	if err != nil {
		return err
	}
	if approve != nil {
		if err := approve(before, next); err != nil {
			return err
		}
	}
	l.current.Store(next)
	for _, f := range l.subscribers {
		f(before, next)
	}
	return nil
}
