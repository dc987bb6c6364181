// Package reply reads RESP2 and RESP3 replies and tells whether two servers answered alike.
//
// It keeps the bytes of every value: equal means equal bytes unless a comparison says
// otherwise. It shares no code with the product, whose replies it judges.
package reply

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
)

// Value is one RESP2 or RESP3 value together with the bytes it came in.
type Value struct {
	Kind  byte // the type byte
	Raw   []byte
	Text  string  // of a scalar
	Elems []Value // of an aggregate; a map's keys and values in turn
	Null  bool    // the null of either protocol
}

// Read reads one whole value.
func Read(r *bufio.Reader) (Value, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return Value{}, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return Value{}, fmt.Errorf("malformed reply %q", line)
	}
	v := Value{Kind: line[0], Raw: line, Text: string(line[1 : len(line)-2])}
	switch v.Kind {
	case '+', '-', ':', ',', '(', '#', '_':
		v.Null = v.Kind == '_'
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
func (v *Value) length() (int, error) {
	n, err := strconv.Atoi(v.Text)
	v.Null = n < 0
	return max(n, 0), err
}

func (v *Value) readBody(r *bufio.Reader) error {
	n, err := v.length()
	if err != nil || v.Null {
		return err
	}
	body := make([]byte, n+2)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	v.Text, v.Raw = string(body[:n]), append(v.Raw, body...)
	return nil
}

func (v *Value) readElems(r *bufio.Reader, factor int) error {
	n, err := v.length()
	if err != nil || v.Null {
		return err
	}
	for range n * factor {
		e, err := Read(r)
		if err != nil {
			return err
		}
		v.Elems = append(v.Elems, e)
		v.Raw = append(v.Raw, e.Raw...)
	}
	return nil
}

// Parse reads raw as exactly one value.
func Parse(raw []byte) (Value, error) {
	r := bufio.NewReader(bytes.NewReader(raw))
	v, err := Read(r)
	if err == nil && r.Buffered() > 0 {
		err = fmt.Errorf("more than one reply: %q", raw)
	}
	return v, err
}

// Strings returns the elements' texts.
func (v Value) Strings() []string {
	out := make([]string, len(v.Elems))
	for i, e := range v.Elems {
		out[i] = e.Text
	}
	return out
}

// Pairs returns a map's values by their keys' texts, whichever protocol it came in.
func (v Value) Pairs() map[string]Value {
	out := map[string]Value{}
	for i := 0; i+1 < len(v.Elems); i += 2 {
		out[v.Elems[i].Text] = v.Elems[i+1]
	}
	return out
}
