package server

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redoubtdb/redoubt/slotmap"
)

// Texts of the errors of administrative commands, Redis' own where it has the error.
const (
	errUnknownNodeF    = "ERR Unknown node %s"
	errSlotBusyF       = "ERR Slot %d is already busy"
	errSlotFreeF       = "ERR Slot %d is already unassigned"
	errSlotTwiceF      = "ERR Slot %d specified multiple times"
	errSlotRange       = "ERR Invalid or out of range slot"
	errSlotOrderF      = "ERR start slot number %d is greater than end slot number %d"
	errSlotNumber      = "ERR Invalid slot"
	errSlotOrCount     = "ERR Invalid slot or number of keys"
	errSlotNotOwnedF   = "ERR I'm not the owner of hash slot %d"
	errMeetPortF       = "ERR Invalid TCP base port specified: %s"
	errMeetBusPortF    = "ERR Invalid TCP bus port specified: %s"
	errMeetAddressF    = "ERR Invalid node address specified: %s:%s"
	errForgetSelf      = "ERR I tried hard but I can't forget myself..."
	errForgetMaster    = "ERR Can't forget my master!"
	errForgetLast      = "ERR Can't forget the last node that holds slots: reshard them away first"
	errReplicateSelf   = "ERR Can't replicate myself"
	errReplicateSlave  = "ERR I can only replicate a master, not a replica."
	errReplicateFull   = "ERR To set a master the node must be empty and without assigned slots."
	errNotMaster       = "ERR The specified node is not a master"
	errFailoverMaster  = "ERR You should send CLUSTER FAILOVER to a replica"
	errFailoverUnknown = "ERR I'm a replica but my master is unknown to me"
	errFailoverDown    = "ERR Master is down or failed, please use CLUSTER FAILOVER FORCE"
	errResetKeys       = "ERR CLUSTER RESET can't be called with master nodes containing keys"
	errEpochF          = "ERR Invalid config epoch specified: %d"
	errEpochOthers     = "ERR The user can assign a config epoch only when the node does not know any other node."
	errEpochSet        = "ERR Node config epoch is already non-zero"
	errSetslotMaster   = "ERR Please use SETSLOT only with masters."
	errSetslotAction   = "ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP"
	errSetslotTargetF  = "ERR I don't know about node %s"
	errTargetNotMaster = "ERR Target node is not a master"
	errSlotMineF       = "ERR I'm already the owner of hash slot %d"
	errSetslotMissing  = "ERR CLUSTER SETSLOT is not supported yet"
	errAdminTimeout    = "ERR The change was not confirmed in time; it may still happen"
)

// adminErrorText turns an error of the node into the text a client sees. An error whose text starts with a code word in
// capitals is a client's text already.
func adminErrorText(err error) string {
	if busy := (*slotmap.SlotBusyError)(nil); errors.As(err, &busy) {
		return fmt.Sprintf(errSlotBusyF, busy.Slot)
	}
	for _, known := range [...]struct {
		err  error
		text string
	}{
		{slotmap.ErrLastHolder, errForgetLast},
		{slotmap.ErrNotEmpty, errReplicateFull},
		{slotmap.ErrEpochSet, errEpochSet},
		{slotmap.ErrKnowsOthers, errEpochOthers},
		{context.DeadlineExceeded, errAdminTimeout},
	} {
		if errors.Is(err, known.err) {
			return known.text
		}
	}
	text := err.Error()
	if hasErrorCode(text) {
		return text
	}
	return "ERR " + text
}

// hasErrorCode tells whether a text starts with an error code: a word of capitals, not a sentence's first letter.
func hasErrorCode(text string) bool {
	code, _, _ := strings.Cut(text, " ")
	return len(code) > 1 && strings.ToUpper(code) == code && strings.IndexFunc(code, isNotCapital) < 0
}

func isNotCapital(r rune) bool { return r < 'A' || r > 'Z' }
