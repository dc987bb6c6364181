package persistence

import (
	"errors"
	"fmt"
)

// Reset empties the log and removes the snapshots of a group. What Raft must not forget,
// term and vote, stays. A crash in between leaves snapshots without a log, never the
// reverse.
func (s *GroupStore) Reset() error {
	first, last, err := logRange(s.Log)
	if err == nil && last != 0 {
		err = s.Log.DeleteRange(first, last)
	}
	if err != nil {
		return fmt.Errorf("empty the log: %w", err)
	}
	r, ok := s.Snapshots.(interface{ removeAll() error })
	if !ok {
		return fmt.Errorf("remove snapshots: %w", errors.ErrUnsupported)
	}
	if err := r.removeAll(); err != nil {
		return fmt.Errorf("remove snapshots: %w", err)
	}
	return nil
}

func (s *snapshotDir) removeAll() error { return s.removeAllBut(nil) }

func (st *memorySnapshots) removeAll() error {
	return st.s.write("snapshot", func(g *memoryGroup) error {
		g.snapshots = nil
		return nil
	})
}
