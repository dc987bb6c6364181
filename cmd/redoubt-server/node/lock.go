package node

// lock is a mutex that may be held while waiting for a network or a disk: those who
// wait for it wait on a channel, which virtual time understands.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) lock()   { l <- struct{}{} }
func (l lock) unlock() { <-l }
