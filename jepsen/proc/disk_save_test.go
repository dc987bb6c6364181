package proc

import (
	"fmt"
	"path/filepath"
	"testing"
)

// savePoints has save take snapshots, once enough has changed, and follow CONFIG SET.
func savePoints(t *testing.T, server string) {
	c := nodes(t, server, 1, "--save", "1 10", "--appendfsync", "everysec")
	startAll(t, c)
	must(t, c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "16383")
	settle(t, c)
	changes := func() string { return c.Info(0, "rdb_changes_since_last_save", "INFO", "persistence") }
	write := func(n int) {
		for i := range n {
			must(t, c, 0, "SET", fmt.Sprint("key:", i), "value")
		}
	}
	snapshots := func() int {
		files, err := filepath.Glob(filepath.Join(c.DataDir(0), "groups", "group-*", "snapshots", "*", "dump.rdb"))
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	write(9)
	if got := changes(); got != "9" || snapshots() != 0 {
		t.Errorf("%s changes and %d snapshots after 9 writes", got, snapshots())
	}
	write(1)
	eventually(t, "a snapshot after ten changes", func() bool { return changes() == "0" && snapshots() == 1 })
	must(t, c, 0, "CONFIG", "SET", "save", "3600 1 1 20")
	write(19)
	if got := changes(); got != "19" || snapshots() != 1 {
		t.Errorf("%s changes and %d snapshots after 19 writes", got, snapshots())
	}
	write(1)
	eventually(t, "a snapshot after twenty changes", func() bool { return changes() == "0" && snapshots() == 2 })
	must(t, c, 0, "CONFIG", "SET", "save", "")
	contains(t, "the log", c.LogTail(0), "sets points at which a snapshot is taken", "is the sync policy of the Raft log, from the next start on")
}
