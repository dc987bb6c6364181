package replica

import (
	"io"
	"testing"

	"github.com/hashicorp/raft"
)

type turnTaker struct {
	raft.SnapshotSink
	yields, writes int
}

func (s *turnTaker) Yield() { s.yields++ }

func (s *turnTaker) Write(b []byte) (int, error) {
	s.writes++
	return len(b), nil
}

type written struct{}

func (written) Write(w io.Writer) error { _, err := w.Write([]byte("state")); return err }
func (written) Release()                {}

// A member's own snapshot takes turns with its other work; one that it is sent, and waits for, does not.
func TestOwnSnapshotsYield(t *testing.T) {
	own, sent := &turnTaker{}, &turnTaker{}
	if err := (&machineSnapshot{written{}}).Persist(&snapshotSink{SnapshotSink: own}); err != nil {
		t.Fatal(err)
	}
	if _, err := (&snapshotSink{SnapshotSink: sent}).Write([]byte("state")); err != nil {
		t.Fatal(err)
	}
	if own.yields != 1 || own.writes != 1 || sent.yields != 0 || sent.writes != 1 {
		t.Errorf("own %+v, sent %+v", own, sent)
	}
}
