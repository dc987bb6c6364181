package shardgroup

import (
	"sync"
	"sync/atomic"
)

// busy admits one worker at a time.
type busy struct{ on atomic.Bool }

func (b *busy) start() bool { return b.on.CompareAndSwap(false, true) }
func (b *busy) finish()     { b.on.Store(false) }

// waitGroup is the workers of one term.
type waitGroup = sync.WaitGroup
