package server

import (
	"net"

	"github.com/redoubtdb/redoubt/resp"
)

// Sizes of the read buffer.
const (
	minReadBufferBytes = 4 << 10
	maxBurstBytes      = 256 << 10 // what is read at once, unless a single request is longer
	maxIdleBufferBytes = 64 << 10  // a buffer that grew beyond is given back when it is little used
	maxSparseRounds    = 64        // after so many rounds of little use
)

// input is the read buffer of a connection and the parser on top of it. Arguments alias the buffer, so
// nothing in it moves between the first next of a round and the next fill.
//
//	buf  |  taken  |  waiting  |  free  |
//	               start       end
type input struct {
	buf        []byte
	start, end int
	parser     *resp.Parser
	sparse     int // rounds in a row that used little of the buffer
}

func (in *input) init() { in.parser = &resp.Parser{} }

// waiting is the number of bytes that are not yet part of a complete request.
func (in *input) waiting() int { return in.end - in.start }

// fill reads what the client sent behind the bytes that wait. Arguments handed out before are gone.
func (in *input) fill(nc net.Conn) (int, error) {
	in.parser.Recycle()
	in.makeRoom()
	n, err := nc.Read(in.buf[in.end:])
	in.end += n
	if n > 0 {
		return n, nil // an error comes again with the next read
	}
	return n, err
}

// makeRoom moves the waiting bytes to the front, and sees to it that there is room behind them. The buffer
// doubles only when it was full, so it follows what was really sent.
func (in *input) makeRoom() {
	used := in.end
	in.end = copy(in.buf, in.buf[in.start:in.end])
	in.start = 0
	switch {
	case used == len(in.buf) && (used < maxBurstBytes || in.end > used/2):
		in.resize(max(2*used, minReadBufferBytes))
	case len(in.buf) > maxIdleBufferBytes && in.end == 0 && used < len(in.buf)/4:
		if in.sparse++; in.sparse > maxSparseRounds {
			in.resize(maxIdleBufferBytes)
		}
		return
	}
	in.sparse = 0
}

func (in *input) resize(size int) {
	if size == len(in.buf) {
		return
	}
	buf := make([]byte, size)
	copy(buf, in.buf[:in.end])
	in.buf = buf
}

// next returns the next complete request; ok is false when there is none.
func (in *input) next(lim resp.Limits) (args [][]byte, ok bool, err error) {
	args, n, err := in.parser.Next(in.buf[in.start:in.end], lim)
	in.start += n
	return args, n > 0, err
}

// putBack takes what was read elsewhere behind what waits. The arguments handed out stay as they are: the bytes that wait
// move to fresh memory.
func (in *input) putBack(ahead []byte) {
	if len(ahead) == 0 {
		return
	}
	waiting := in.buf[in.start:in.end]
	buf := make([]byte, max(len(waiting)+len(ahead), minReadBufferBytes))
	in.end = copy(buf, waiting)
	in.end += copy(buf[in.end:], ahead)
	in.buf, in.start = buf, 0
}

// abandon leaves the buffer, and all arguments handed out, to whoever still looks at them, and goes on with
// fresh memory.
func (in *input) abandon() {
	waiting := in.buf[in.start:in.end]
	in.buf = make([]byte, max(2*len(waiting), minReadBufferBytes))
	in.start, in.end = 0, copy(in.buf, waiting)
	in.parser = &resp.Parser{}
}
