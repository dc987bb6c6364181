package command_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"testing"
)

// reply is one RESP2 or RESP3 value together with the bytes it came in.
type reply struct {
	kind  byte // the type byte
	raw   []byte
	text  string // of a scalar
	elems []reply
	null  bool
}

// readReply reads one whole value.
func readReply(r *bufio.Reader) (reply, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return reply{}, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return reply{}, fmt.Errorf("malformed reply %q", line)
	}
	v := reply{kind: line[0], raw: line, text: string(line[1 : len(line)-2])}
	switch v.kind {
	case '+', '-', ':', ',', '(', '#', '_':
		v.null = v.kind == '_'
		return v, nil
	case '$', '=', '!':
		err = v.readBody(r)
	case '*', '~', '>':
		err = v.readElems(r, 1)
	case '%':
		err = v.readElems(r, 2)
	default:
		err = fmt.Errorf("unknown reply type %q", line)
	}
	return v, err
}

// length reads the number in a header; a negative one is a null.
func (v *reply) length() (int, error) {
	n, err := strconv.Atoi(v.text)
	v.null = n < 0
	return max(n, 0), err
}

func (v *reply) readBody(r *bufio.Reader) error {
	n, err := v.length()
	if err != nil || v.null {
		return err
	}
	body := make([]byte, n+2)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	v.text, v.raw = string(body[:n]), append(v.raw, body...)
	return nil
}

func (v *reply) readElems(r *bufio.Reader, factor int) error {
	n, err := v.length()
	if err != nil || v.null {
		return err
	}
	for range n * factor {
		e, err := readReply(r)
		if err != nil {
			return err
		}
		v.elems = append(v.elems, e)
		v.raw = append(v.raw, e.raw...)
	}
	return nil
}

// parseReply reads raw as exactly one value.
func parseReply(raw []byte) (reply, error) {
	r := bufio.NewReader(bytes.NewReader(raw))
	v, err := readReply(r)
	if err == nil && r.Buffered() > 0 {
		err = fmt.Errorf("more than one reply: %q", raw)
	}
	return v, err
}

// strings returns the elements' texts.
func (v reply) strings() []string {
	out := make([]string, len(v.elems))
	for i, e := range v.elems {
		out[i] = e.text
	}
	return out
}

// pairs returns a map's values by their keys' texts, whichever protocol it came in.
func (v reply) pairs() map[string]reply {
	out := map[string]reply{}
	for i := 0; i+1 < len(v.elems); i += 2 {
		out[v.elems[i].text] = v.elems[i+1]
	}
	return out
}

func TestParseReply(t *testing.T) {
	for _, raw := range []string{
		"+OK\r\n", "$-1\r\n", "$3\r\na\r\n\r\n", "*2\r\n:1\r\n*-1\r\n", "%1\r\n$1\r\na\r\n,1.5\r\n", "_\r\n", "=5\r\ntxt:x\r\n",
	} {
		if v, err := parseReply([]byte(raw)); err != nil || string(v.raw) != raw {
			t.Errorf("%q: got %q, %v", raw, v.raw, err)
		}
	}
	for _, raw := range []string{"", "+OK", "$3\r\na\r\n", "*2\r\n:1\r\n", "?\r\n", ":1\r\n:2\r\n"} {
		if v, err := parseReply([]byte(raw)); err == nil {
			t.Errorf("%q: got %q, want an error", raw, v.raw)
		}
	}
}
