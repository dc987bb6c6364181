package bus

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// A call connection carries frames in both directions:
//
//	length (4, of what follows) | kind (1) | call id (8) | payload
//
// The payload of a request is the caller's remaining time in milliseconds (4,
// 0 = no limit), the method (string) and the body; of an error or refusal the
// code and the message (strings, the message truncated); of a response the body.
const (
	frameRequest  byte = 1
	frameResponse byte = 2
	frameError    byte = 3 // the handler's own
	frameRefusal  byte = 4 // the handler did not run
	frameCancel   byte = 5 // the caller does not wait any more
	framePing     byte = 6
	framePong     byte = 7
)

// Limits of a frame.
const (
	MaxBody     = 16 << 20 // bytes in the body of a call or of its answer
	maxOpenBody = 64 << 10 // bytes in the body of a stranger's call
	maxMethod   = 64       // bytes
	frameRoom   = 1024     // bytes around a body: kind, id, method, code, message
	frameHead   = 4 + 1 + 8
	readStep    = 64 << 10         // bytes allocated before they have arrived
	writeLimit  = 10 * time.Second // for one frame
	writeFloor  = time.Second      // for one frame of a call in a hurry
)

type frame struct {
	kind    byte
	id      uint64
	payload []byte
}

// request is the payload of frameRequest.
type request struct {
	timeout time.Duration
	method  string
	body    []byte
}

func (r *request) encode() []byte {
	ms := uint32(min(r.timeout.Milliseconds(), 1<<31))
	if r.timeout > 0 {
		ms = max(ms, 1)
	}
	b := make([]byte, 0, 4+2+len(r.method)+len(r.body))
	b = binary.BigEndian.AppendUint32(b, ms)
	b = appendString(b, r.method)
	return append(b, r.body...)
}

func decodeRequest(p []byte) (*request, error) {
	d := decoder{b: p}
	r := &request{timeout: time.Duration(d.uint32()) * time.Millisecond, method: d.string()}
	r.body = d.b
	return r, d.err
}

func encodeCoded(code, msg string) []byte {
	b := appendString(nil, code[:min(len(code), maxMethod)])
	return appendString(b, msg[:min(len(msg), maxReason)])
}

func decodeCoded(p []byte) (code, msg string, err error) {
	d := decoder{b: p}
	code, msg = d.string(), d.string()
	return code, msg, d.err
}

// readFrame reads one frame of at most limit bytes; memory grows with what
// arrives and not with what the header announces.
func readFrame(r io.Reader, limit int) (frame, error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return frame{}, err
	}
	d := decoder{b: head[:]}
	n := int64(d.uint32()) - (frameHead - 4)
	f := frame{kind: d.byte(), id: d.uint64()}
	switch {
	case n < 0:
		return frame{}, errMalformed
	case n > int64(limit)+frameRoom:
		return frame{}, fmt.Errorf("frame of %d bytes: %w", n, ErrTooLarge)
	case n <= readStep:
		f.payload = make([]byte, n)
		_, err := io.ReadFull(r, f.payload)
		return f, err
	}
	var buf bytes.Buffer
	buf.Grow(readStep)
	if _, err := io.CopyN(&buf, r, n); err != nil {
		return frame{}, err
	}
	f.payload = buf.Bytes()
	return f, nil
}

// frameWriter writes whole frames of several goroutines to one connection.
type frameWriter struct {
	conn *link
	turn chan struct{} // holds a token while nobody writes
}

func newFrameWriter(conn *link) *frameWriter {
	w := &frameWriter{conn: conn, turn: make(chan struct{}, 1)}
	w.turn <- struct{}{}
	return w
}

// write sends a frame. whole is false if the peer certainly has not got all
// of it; after an error the connection is closed, since it may have got a part.
func (w *frameWriter) write(ctx context.Context, f frame) (whole bool, err error) {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	deadline := time.Now().Add(writeLimit)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = time.Now().Add(max(time.Until(d), writeFloor))
	}
	return w.send(f, deadline)
}

// try sends a small frame unless somebody else is writing.
func (w *frameWriter) try(f frame) {
	select {
	case <-w.turn:
		_, _ = w.send(f, time.Now().Add(writeFloor))
	default:
	}
}

// send writes a frame and gives the turn back.
func (w *frameWriter) send(f frame, deadline time.Time) (whole bool, err error) {
	defer func() { w.turn <- struct{}{} }()
	b := make([]byte, 0, frameHead+len(f.payload))
	b = binary.BigEndian.AppendUint32(b, uint32(frameHead-4+len(f.payload)))
	b = append(b, f.kind)
	b = binary.BigEndian.AppendUint64(b, f.id)
	b = append(b, f.payload...)
	_ = w.conn.SetWriteDeadline(deadline)
	n, err := w.conn.Write(b)
	if err != nil {
		_ = w.conn.Close()
	}
	return n == len(b), err
}
