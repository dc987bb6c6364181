package replica

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/hashicorp/raft"
)

// await waits for a future of the library until it is answered, the context
// ends or the replica stops.
//
// The library does not answer every future: what stands in its queues when it
// shuts down, or behind a disk that hangs, is never answered, and Error would
// block for ever. It does however look at the field ShutdownCh, which some of
// its futures set and others do not; await sets it for all of them. The field
// is exported but its struct is not, hence reflection. TestAwaitField fails
// if a new version of the library moves it.
func (r *Replica) await(ctx context.Context, f raft.Future) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.ctx, func() { cancel(ErrClosed) })()
	quit := make(chan struct{})
	defer context.AfterFunc(ctx, func() { close(quit) })()

	setQuit(f, quit)
	err := f.Error()
	if errors.Is(err, raft.ErrRaftShutdown) && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// setQuit sets the future's ShutdownCh. Futures that are answered from the
// start have none.
func setQuit(f raft.Future, quit chan struct{}) bool {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		return false
	}
	field := v.Elem().FieldByName("ShutdownCh")
	if !field.IsValid() || !field.CanSet() || field.Type() != reflect.TypeOf(quit) {
		return false
	}
	field.Set(reflect.ValueOf(quit))
	return true
}

// classify says what an error of the library means for the request.
func classify(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, raft.ErrNotLeader):
		return notRun(ErrNotLeader)
	case errors.Is(err, raft.ErrEnqueueTimeout):
		return notRun(ErrBusy)
	case errors.Is(err, raft.ErrLeadershipTransferInProgress):
		return notRun(ErrTransferring)
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

func notRun(reason error) error { return fmt.Errorf("%w: %w", ErrNotRun, reason) }
