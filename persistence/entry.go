package persistence

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// checkedLog is a log engine whose entries have checksums. The engines do not
// check what they read (bolt has no checksums, the WAL looks at those of its last
// batch alone), so they are handed an entry as the data of another.
type checkedLog struct {
	engineLog
	wrapper *wrapper
}

func newCheckedLog(l engineLog) checkedLog { return checkedLog{l, &wrapper{}} }

// StoreLog stores one entry.
func (l checkedLog) StoreLog(e *raft.Log) error { return l.StoreLogs([]*raft.Log{e}) }

// StoreLogs stores entries.
func (l checkedLog) StoreLogs(entries []*raft.Log) error {
	return l.wrapper.wrap(entries, l.engineLog.StoreLogs)
}

// wrapper makes of entries those that the engine is handed.
type wrapper struct {
	mu  sync.Mutex
	buf []byte // guarded by mu; their data, which engines copy
}

// wrapperKeepBytes is how much memory a wrapper keeps between two calls.
const wrapperKeepBytes = 1 << 20

// wrap calls store with wrapped entries, which are valid until it returns.
func (w *wrapper) wrap(entries []*raft.Log, store func([]*raft.Log) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]*raft.Log, len(entries))
	b := w.buf[:0]
	for i, e := range entries {
		start := len(b)
		b = appendEntry(b, e)
		out[i] = &raft.Log{Index: e.Index, Data: b[start:]}
	}
	w.buf = nil
	if cap(b) <= wrapperKeepBytes {
		w.buf = b
	}
	return store(out)
}

// GetLog returns an entry, or raft.ErrLogNotFound. The engines' decoders may
// panic on damage.
func (l checkedLog) GetLog(index uint64, e *raft.Log) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errEntryDamaged, r)
		}
	}()
	var wrapped raft.Log
	if err := l.engineLog.GetLog(index, &wrapped); err != nil {
		return err
	}
	return decodeEntry(wrapped.Data, e)
}

// An entry's bytes:
//
//	checksum:4 index:8 term:8 type:1 appended:8 data:4+n extensions:4+n
//
// The checksum (CRC-32C) covers all that follows. Appended is in Unix
// nanoseconds, the smallest number for none.
const (
	entryHeadBytes  = 4 + 8 + 8 + 1 + 8
	entryFixedBytes = entryHeadBytes + 4 + 4
	noTime          = -1 << 63
)

var errEntryDamaged = errors.New("log entry is damaged")

// appendEntry appends an entry's bytes.
func appendEntry(b []byte, e *raft.Log) []byte {
	start := len(b)
	b = append(slices.Grow(b, entryFixedBytes+len(e.Data)+len(e.Extensions)), 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, e.Index)
	b = binary.LittleEndian.AppendUint64(b, e.Term)
	b = append(b, byte(e.Type))
	appended := int64(noTime)
	if !e.AppendedAt.IsZero() {
		appended = e.AppendedAt.UnixNano()
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(appended))
	for _, part := range [][]byte{e.Data, e.Extensions} {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(part)))
		b = append(b, part...)
	}
	binary.LittleEndian.PutUint32(b[start:], checksum(b[start+4:]))
	return b
}

func decodeEntry(b []byte, e *raft.Log) error {
	if len(b) < entryFixedBytes || binary.LittleEndian.Uint32(b) != checksum(b[4:]) {
		return errEntryDamaged
	}
	e.Index = binary.LittleEndian.Uint64(b[4:])
	e.Term = binary.LittleEndian.Uint64(b[12:])
	e.Type = raft.LogType(b[20])
	e.AppendedAt = time.Time{}
	if appended := int64(binary.LittleEndian.Uint64(b[21:])); appended != noTime {
		e.AppendedAt = time.Unix(0, appended)
	}
	rest := b[entryHeadBytes:]
	var ok bool
	if e.Data, rest, ok = cutPart(rest); !ok {
		return errEntryDamaged
	}
	if e.Extensions, rest, ok = cutPart(rest); !ok || len(rest) != 0 {
		return errEntryDamaged
	}
	return nil
}

// cutPart copies a part off b.
func cutPart(b []byte) (part, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	b = b[4:]
	if n > uint64(len(b)) {
		return nil, nil, false
	}
	if n == 0 {
		return nil, b, true
	}
	return append([]byte(nil), b[:n]...), b[n:], true
}

// checksum is CRC-32C, for which the processor has an instruction.
func checksum(b []byte) uint32 { return updateChecksum(0, b) }

func updateChecksum(sum uint32, b []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), b)
}

// verifyLog reads every entry of a log once.
func verifyLog(log raft.LogStore) error {
	first, last, err := logRange(log)
	if err != nil || last == 0 {
		return err
	}
	for i := first; i <= last; i++ {
		var e raft.Log
		if err := log.GetLog(i, &e); err != nil {
			return &entryError{i, err}
		}
		if e.Index != i {
			return &entryError{i, fmt.Errorf("%w: it says index %d", errEntryDamaged, e.Index)}
		}
	}
	return nil
}

// entryError is an error about one entry.
type entryError struct {
	index uint64
	err   error
}

func (e *entryError) Error() string { return fmt.Sprintf("entry %d: %v", e.index, e.err) }

func (e *entryError) Unwrap() error { return e.err }
