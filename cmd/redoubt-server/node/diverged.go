package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/slotmap"
)

// divergedFile stands in the data directory of a node whose state was found to differ from that
// of a majority, or to hold what the majority has lost although logs are synced. Its snapshots and
// its log may be what was wrong, or all that is left of it, so it does not start with them again.
// Removing the data directory removes the file too.
const divergedFile = "diverged.json"

const divergedVersion = 1

// divergence is the content of divergedFile.
type divergence struct {
	Version     int             `json:"version"`
	Incarnation string          `json:"incarnation"` // whose state it was
	Group       slotmap.GroupID `json:"group"`
	Reason      string          `json:"reason"`
}

// noteDiverged is called by a member's own goroutine, before the node ends.
func (n *Node) noteDiverged(s seat, reason error) {
	b, err := json.Marshal(divergence{divergedVersion, n.identity.load().Incarnation, s.group, reason.Error()})
	if err == nil {
		err = n.dep.Storage.WriteFile(divergedFile, b)
	}
	if err != nil {
		n.log.Error("it could not be noted that this node's state is wrong: do not start it again with its data", "error", err)
	}
}

// checkDiverged refuses data that were found to be wrong.
func checkDiverged(s persistence.Storage, r *record) error {
	b, err := s.ReadFile(divergedFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var d divergence
	if err == nil {
		err = json.Unmarshal(b, &d)
	}
	if err != nil {
		return fmt.Errorf("the note that this node's state is wrong cannot be read: %w", err)
	}
	if d.Incarnation != r.Incarnation { // it has come back without its data since
		return nil
	}
	return fmt.Errorf("this node was stopped because its copy of group %s differs from what the majority has (%s): "+
		"if the rest of the group is healthy, remove the data directory; the node will rejoin and fetch a snapshot from the group's leader",
		d.Group, d.Reason)
}
