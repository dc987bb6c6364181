package persistence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// Before the log engine opens the segment that was being written, the segment is
// mended here, for three reasons.
//
// The engine takes whatever ends its walk through the segment for the torn tail
// of a crash. If damage in the middle ended it, entries that were acknowledged
// would vanish without a word. A batch is written only when the one before it is
// on disk, so whole entries behind a later batch's commit prove damage.
//
// What is cut is overwritten with zeros, so that bytes of one crash cannot pass
// for proof at the next.
//
// In a log that was not synced batch by batch (see lazy.go) nothing is proof: after a
// crash of the machine any page of this segment may be missing.
//
// A crash may also come when a segment is full and closed on disk, and the list
// of segments does not say so yet. The engine would open the segment and refuse
// every write for ever; so the list is brought up to date.

// The layout of a segment, frames at multiples of eight bytes:
//
//	header:32 (type:1 0:3 size:4 payload padding)...
//
// Entries are followed by a commit, whose size field is instead the CRC-32C of
// all since the commit before, or since the file's beginning.
const (
	segmentHeaderBytes = 32
	frameHeaderBytes   = 8
	frameEntry         = 1
	frameIndex         = 2
	frameCommit        = 3
)

// mendTail mends the segment that was being written.
func mendTail(dir string, meta *walMeta, o walOptions) error {
	state := meta.state()
	if len(state.Segments) == 0 {
		return nil
	}
	tail := state.Segments[len(state.Segments)-1]
	if !tail.SealTime.IsZero() {
		return at(meta.path, errors.New("the last segment is closed"))
	}
	path := filepath.Join(dir, segment.FileName(tail))
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	found := scanSegment(b)
	if err := checkTail(tail, len(b), found); err != nil {
		return at(path, err)
	}
	if !o.unsynced && provesDamage(b[found.end:]) {
		return at(path, fmt.Errorf("bytes after %d are damaged, and entries follow that were stored later", found.end))
	}
	if err := clearTail(path, b, found.end, o.log); err != nil {
		return err
	}
	if o.unsynced { // what is left of it counts from now on
		if err := syncFile(path); err != nil {
			return err
		}
	}
	if found.indexStart == 0 {
		return nil
	}
	return meta.CommitState(rotate(state, found))
}

// checkTail compares the segment with what the list says of it. It was laid out before it was
// listed. Entries that are cut off its beginning were durable before that was noted, and so was
// at least one behind them: without any the segment would have been replaced.
func checkTail(tail types.SegmentInfo, size int, found segmentScan) error {
	if size < int(tail.SizeLimit) {
		return fmt.Errorf("%d bytes are left of the %d that were laid out", size, tail.SizeLimit)
	}
	if least := tail.MinIndex - min(tail.BaseIndex, tail.MinIndex); least > 0 && uint64(found.entries) <= least {
		return fmt.Errorf("%d entries are left of at least %d", found.entries, least+1)
	}
	return nil
}

// segmentScan is what a segment holds up to its last good commit.
type segmentScan struct {
	end        int    // just behind that commit
	entries    int    // before it
	indexStart uint64 // offset of the index that closes the segment; 0: it is open
}

// scanSegment walks frames as long as they and their commits are good.
func scanSegment(b []byte) (good segmentScan) {
	at, since := segmentHeaderBytes, 0
	seen := segmentScan{}
	for {
		kind, size, ok := frame(b, at)
		if !ok {
			return good
		}
		switch kind {
		case frameEntry:
			seen.entries++
		case frameIndex:
			seen.indexStart = uint64(at + frameHeaderBytes)
		case frameCommit:
			if binary.LittleEndian.Uint32(b[at+4:]) != checksum(b[since:at]) {
				return good
			}
			since = at + size
			seen.end = since
			good = seen
		}
		at += size
	}
}

// frame reads the header of the frame at an offset; ok is false where none can
// be.
func frame(b []byte, at int) (kind byte, size int, ok bool) {
	if at+frameHeaderBytes > len(b) {
		return 0, 0, false
	}
	kind = b[at]
	switch kind {
	case frameCommit:
		return kind, frameHeaderBytes, true
	case frameEntry, frameIndex:
		n := uint64(binary.LittleEndian.Uint32(b[at+4:]))
		size := frameHeaderBytes + (n+7)&^7
		return kind, int(size), size <= uint64(len(b)-at)
	}
	return 0, 0, false
}

// provesDamage looks, in what lies behind the last good commit, for a commit
// with a whole entry behind it. One batch may be torn there, but a second one
// was written only after the first was on disk.
func provesDamage(b []byte) bool {
	for at := 0; at+frameHeaderBytes <= len(b); at += frameHeaderBytes {
		if b[at] == frameCommit && wholeEntry(b, at+frameHeaderBytes) {
			return true
		}
	}
	return false
}

// wholeEntry tells whether an entry stands at an offset.
func wholeEntry(b []byte, at int) (whole bool) {
	kind, _, ok := frame(b, at)
	if !ok || kind != frameEntry {
		return false
	}
	defer func() {
		if recover() != nil { // the engine's decoder, of bytes that are none
			whole = false
		}
	}()
	start := at + frameHeaderBytes
	n := int(binary.LittleEndian.Uint32(b[at+4:]))
	var wrapped, e raft.Log
	err := new(wal.BinaryCodec).Decode(b[start:start+n], &wrapped)
	return err == nil && decodeEntry(wrapped.Data, &e) == nil
}

// clearTail overwrites what lies behind the last good commit with zeros.
func clearTail(path string, b []byte, end int, log *slog.Logger) error {
	last := len(b)
	for last > end && b[last-1] == 0 {
		last--
	}
	if last == end {
		return nil
	}
	log.Warn("log ends in the middle of a batch, as after a crash: cut", "path", path, "offset", end, "bytes", last-end)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(make([]byte, last-end), int64(end))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// rotate is the list of segments with its last closed and a new one behind it.
func rotate(state types.PersistentState, found segmentScan) types.PersistentState {
	now := time.Now()
	segments := append([]types.SegmentInfo(nil), state.Segments...)
	full := &segments[len(segments)-1]
	full.SealTime = now
	full.IndexStart = found.indexStart
	full.MaxIndex = full.BaseIndex + uint64(found.entries) - 1
	next := types.SegmentInfo{
		ID:         state.NextSegmentID,
		BaseIndex:  full.MaxIndex + 1,
		MinIndex:   full.MaxIndex + 1,
		Codec:      full.Codec,
		SizeLimit:  full.SizeLimit,
		CreateTime: now,
	}
	return types.PersistentState{NextSegmentID: state.NextSegmentID + 1, Segments: append(segments, next)}
}
