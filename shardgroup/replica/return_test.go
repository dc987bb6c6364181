package replica

import (
	"testing"
	"time"
)

// returnLimit is how long a member that comes back may wait for its entries.
const returnLimit = time.Second

// A member that comes back after a long absence is given the new entries at once, not
// after the pause that the library makes after many failures.
func TestReturningMemberIsServedAtOnce(t *testing.T) {
	if took := returning(t, 0); took > returnLimit {
		t.Errorf("the member had to wait %v for its entries", took)
	}
}
