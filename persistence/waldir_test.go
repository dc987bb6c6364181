package persistence

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// A crash between laying out a segment and listing it leaves a file that the next start lays out again, under the same
// name: it must not be taken for a leftover once entries are in it.
func TestSegmentLaidOutAndNotListed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "wal")
	check(t, createWAL(dir))
	open := func() engineLog {
		log, err := openWAL(dir, walOptions{size: smallSegmentBytes, log: slog.New(slog.DiscardHandler)})
		check(t, err)
		return log
	}
	for _, left := range []types.SegmentInfo{{BaseIndex: 1, ID: 0}, {BaseIndex: 1, ID: 1}, {BaseIndex: 7, ID: 1}} {
		check(t, os.WriteFile(filepath.Join(dir, segment.FileName(left)), make([]byte, smallSegmentBytes/2), dataFileMode))
		log := open()
		_, last, err := logRange(log)
		check(t, err)
		check(t, log.StoreLogs(entries(last+1, last+3, 1)))
		check(t, log.Close())
		log = open()
		checkLog(t, log, 1, last+3)
		check(t, log.Close())
	}
}
