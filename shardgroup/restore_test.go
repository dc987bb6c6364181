package shardgroup

import (
	"bytes"
	"errors"
	"testing"

	"github.com/redoubtdb/redoubt/fsm"
)

// A snapshot that turns out to be damaged while it is loaded changes nothing of the state; a whole one
// replaces it as a whole.
func TestRestoreIsAllOrNothing(t *testing.T) {
	inBubble(t, "a", func(t *testing.T, g *trio) {
		g.fill(100)
		m := g.leader().member
		frozen := m.machine.Load().Freeze()
		defer frozen.Release()
		var file bytes.Buffer
		if _, err := frozen.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		g.fill(150)
		before, sample := m.machine.Load(), m.machine.Load().Sample()
		for _, at := range []int{20, file.Len() / 2, file.Len() - 20} {
			damaged := bytes.Clone(file.Bytes())
			damaged[at] ^= 1
			if err := m.Restore(bytes.NewReader(damaged)); err == nil {
				t.Errorf("byte %d: loaded", at)
			}
			if err := m.Restore(bytes.NewReader(damaged[:at])); !errors.Is(err, fsm.ErrBadSnapshot) {
				t.Errorf("cut at byte %d: %v", at, err)
			}
			if m.machine.Load() != before || before.Sample() != sample {
				t.Fatalf("byte %d: the state has changed", at)
			}
		}
	})
}
