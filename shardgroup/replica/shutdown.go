package replica

import (
	"time"
)

// Shutdown stops the member; the storage may be closed when it returns, even
// with ErrShutdownStuck: what was left behind does not touch it any more, but
// for a call that is in it already.
//
// Order: first nobody waits for the library any more, and the library takes no
// requests; then it is told to stop, and every connection is closed so that its
// goroutines do not wait for peers; then they are waited for, within a limit;
// then ours.
func (r *Replica) Shutdown() error {
	r.spawning.Lock()
	r.stop()
	r.spawning.Unlock()
	ended := make(chan struct{})
	future := r.raft.Shutdown()
	_ = r.transport.Close()
	go func() {
		_ = future.Error()
		r.transport.pipes.Wait()
		r.flusher.ending.Wait()
		close(ended)
	}()
	err := r.join(ended)
	r.stores.over.Store(true)
	r.wg.Wait()
	return err
}

// join waits for the library's goroutines.
func (r *Replica) join(ended <-chan struct{}) error {
	t := time.NewTimer(shutdownLimit)
	defer t.Stop()
	select {
	case <-ended:
		return nil
	case <-t.C:
		return ErrShutdownStuck
	}
}
