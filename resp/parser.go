package resp

import "bytes"

// Parser decodes requests from a buffer that fills bit by bit. The zero value
// is ready. It keeps offsets into the caller's buffer, not bytes, so a request
// cut at any place goes on where it stopped:
//
//	for {
//		args, n, err := p.Next(buf, limits)
//		...                  // err: answer it, close
//		if n == 0 { break }  // read more behind buf, call again with all of it
//		buf = buf[n:]        // args stay valid: they alias the bytes passed over
//	}
//	p.Recycle()              // when no args of this round are needed any more
type Parser struct {
	spans []span   // the arguments found so far of the request at hand
	arena [][]byte // arguments handed out since the last Recycle

	pos    int  // the next byte to look at, from the start of the request
	scan   int  // where the search for a line's end goes on; never before pos
	left   int  // arguments still to come; 0 at the start of a request
	inBulk bool // an argument's size is known, its bytes are not complete
	size   int  // that size
}

// span is one argument's place in the request.
type span struct{ start, end int }

// What Recycle keeps for the next round, in elements.
const (
	maxArenaKept = 4096
	minArena     = 32
)

// Next returns the first request in buf and the number of bytes it took. When
// the request is not complete, n is 0 and err nil: the caller calls again with
// the same bytes from the same start and more behind them; the buffer may have
// moved. A request of no arguments (n > 0, args empty) is to be skipped, as
// Redis does. Args alias buf (but those of an inline request with quotes) and
// the Parser's arena, and stay valid until Recycle, or until the caller
// overwrites buf. After an error, which is a *ProtocolError, the Parser is of
// no more use.
//
// As in Redis, the two bytes that end an argument are passed over, not looked at.
func (p *Parser) Next(buf []byte, lim Limits) (args [][]byte, n int, err error) {
	if p.left == 0 {
		if len(buf) == 0 {
			return nil, 0, nil
		}
		if buf[0] != '*' {
			return p.inline(buf, lim)
		}
		if ok, err := p.begin(buf, lim); !ok || err != nil {
			return nil, 0, err
		}
	}
	for p.left > 0 {
		if ok, err := p.argument(buf, lim); !ok || err != nil {
			return nil, 0, err
		}
	}
	return p.finish(buf)
}

// Recycle takes back all arguments handed out: they must not be used any more.
// A request that is only partly read is not touched.
func (p *Parser) Recycle() {
	if cap(p.arena) > maxArenaKept {
		p.arena = nil
		return
	}
	clear(p.arena) // else the arena would keep the callers' old buffers alive
	p.arena = p.arena[:0]
}

// begin reads "*<count>".
func (p *Parser) begin(buf []byte, lim Limits) (ok bool, err error) {
	line, ok, err := p.line(buf, lim.MaxInline, tooBigMultibulkLine)
	if !ok {
		return false, err
	}
	n, ok := parseInt(line[1:])
	if !ok {
		return false, &ProtocolError{badMultibulk}
	}
	if err := lim.checkArgs(n); err != nil {
		return false, err
	}
	p.left = int(max(n, 0))
	return true, nil
}

// argument reads "$<size>", then the bytes.
func (p *Parser) argument(buf []byte, lim Limits) (ok bool, err error) {
	if !p.inBulk {
		if ok, err := p.bulk(buf, lim); !ok {
			return false, err
		}
	}
	end := p.pos + p.size
	if len(buf)-2 < end {
		return false, nil
	}
	p.spans = append(p.spans, span{p.pos, end})
	p.pos, p.scan, p.inBulk = end+2, end+2, false
	p.left--
	return true, nil
}

// bulk reads "$<size>".
func (p *Parser) bulk(buf []byte, lim Limits) (ok bool, err error) {
	line, ok, err := p.line(buf, lim.MaxInline, tooBigBulkLine)
	if !ok {
		return false, err
	}
	if len(line) == 0 {
		return false, notBulk('\r')
	}
	if line[0] != '$' {
		return false, notBulk(line[0])
	}
	n, ok := parseInt(line[1:])
	if !ok {
		return false, &ProtocolError{badBulk}
	}
	if err := lim.checkBulk(n); err != nil {
		return false, err
	}
	p.size, p.inBulk = int(n), true
	return true, nil
}

// line returns the bytes up to the next CR and steps over it and the byte
// behind it, once both are there.
func (p *Parser) line(buf []byte, limit int, tooBig string) (line []byte, ok bool, err error) {
	i := bytes.IndexByte(buf[p.scan:], '\r')
	if i < 0 {
		p.scan = len(buf)
		if len(buf)-p.pos > limit {
			return nil, false, &ProtocolError{tooBig}
		}
		return nil, false, nil
	}
	end := p.scan + i
	p.scan = end
	if end-p.pos > limit {
		return nil, false, &ProtocolError{tooBig}
	}
	if end+1 == len(buf) {
		return nil, false, nil
	}
	line = buf[p.pos:end]
	p.pos, p.scan = end+2, end+2
	return line, true, nil
}

// finish hands out the arguments of the complete request.
func (p *Parser) finish(buf []byte) (args [][]byte, n int, err error) {
	args = p.alloc(len(p.spans))
	for i, s := range p.spans {
		args[i] = buf[s.start:s.end:s.end]
	}
	n = p.pos
	p.reset()
	return args, n, nil
}

// reset forgets the request at hand.
func (p *Parser) reset() {
	p.pos, p.scan = 0, 0
	p.spans = p.spans[:0]
	if cap(p.spans) > maxArenaKept {
		p.spans = nil
	}
}

// alloc takes n slots from the arena. An arena that is full is left to those
// who hold its arguments, and a new one begins.
func (p *Parser) alloc(n int) [][]byte {
	if cap(p.arena)-len(p.arena) < n {
		p.arena = make([][]byte, 0, max(n, min(2*cap(p.arena), maxArenaKept), minArena))
	}
	start := len(p.arena)
	p.arena = p.arena[:start+n]
	return p.arena[start : start+n : start+n]
}
