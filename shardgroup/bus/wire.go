package bus

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The handshake, before anything else on a connection:
//
//	caller                                    callee
//	hello: who I am, whom I mean, what for ->
//	                                       <- challenge      (only with a secret)
//	proof                                  ->                (only with a secret)
//	                                       <- verdict: accepted or a refusal
//
// Each message is magic (4 bytes, hello only), kind (1), length (2), body.
// Strings in a body are length (2) and bytes.
const (
	magic        = "RDBT"
	protoVersion = 1

	msgHello     byte = 1
	msgChallenge byte = 2
	msgProof     byte = 3
	msgVerdict   byte = 4

	maxMessage = 4096 // bytes in a handshake message
	nonceSize  = 32   // bytes

	flagStranger byte = 1 << 0 // the caller is no member: open methods only
)

var errMalformed = errors.New("malformed message")

// hello is the caller's preamble.
type hello struct {
	version  byte
	flags    byte
	nonce    [nonceSize]byte
	from, to Identity // to.Cluster stays empty: one cluster id is enough
	channel  Channel
}

func (h *hello) stranger() bool { return h.flags&flagStranger != 0 }

func (h *hello) encode() []byte {
	b := []byte{h.version, h.flags}
	b = append(b, h.nonce[:]...)
	for _, s := range []string{h.from.Cluster, h.from.Node, h.from.Incarnation, h.to.Node, h.to.Incarnation} {
		b = appendString(b, s)
	}
	b = append(b, h.channel.Kind)
	return appendString(b, h.channel.Group)
}

// decodeHello decodes as much as the version allows: of an unknown version
// only the version is known.
func decodeHello(b []byte) (*hello, error) {
	d := decoder{b: b}
	h := &hello{version: d.byte()}
	if h.version != protoVersion {
		return h, nil
	}
	h.flags = d.byte()
	copy(h.nonce[:], d.bytes(nonceSize))
	for _, s := range []*string{&h.from.Cluster, &h.from.Node, &h.from.Incarnation, &h.to.Node, &h.to.Incarnation} {
		*s = d.string()
	}
	h.channel.Kind = d.byte()
	h.channel.Group = d.string()
	return h, d.err
}

// verdict is the callee's answer: accepted when code is empty.
type verdict struct {
	code, msg string
	self      Identity
	mac       []byte // over all above and the transcript; empty without a secret
}

func (v *verdict) signed() []byte {
	var b []byte
	for _, s := range []string{v.code, v.msg, v.self.Cluster, v.self.Node, v.self.Incarnation} {
		b = appendString(b, s)
	}
	return b
}

func (v *verdict) encode() []byte { return append(v.signed(), v.mac...) }

func decodeVerdict(b []byte) (*verdict, error) {
	d := decoder{b: b}
	v := &verdict{}
	for _, s := range []*string{&v.code, &v.msg, &v.self.Cluster, &v.self.Node, &v.self.Incarnation} {
		*s = d.string()
	}
	v.mac = d.b
	return v, d.err
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// decoder reads a body; after the first shortage everything reads as empty.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) bytes(n int) []byte {
	if n > len(d.b) {
		d.b, d.err = nil, errMalformed
		return make([]byte, n)
	}
	head := d.b[:n]
	d.b = d.b[n:]
	return head
}

func (d *decoder) byte() byte     { return d.bytes(1)[0] }
func (d *decoder) uint16() int    { return int(binary.BigEndian.Uint16(d.bytes(2))) }
func (d *decoder) uint32() uint32 { return binary.BigEndian.Uint32(d.bytes(4)) }
func (d *decoder) uint64() uint64 { return binary.BigEndian.Uint64(d.bytes(8)) }
func (d *decoder) string() string { return string(d.bytes(d.uint16())) }

// writeMessage writes one handshake message in one Write.
func writeMessage(w io.Writer, kind byte, body []byte) error {
	if len(body) > maxMessage {
		return fmt.Errorf("handshake message of %d bytes: %w", len(body), ErrTooLarge)
	}
	var b []byte
	if kind == msgHello {
		b = append(b, magic...)
	}
	b = append(b, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	_, err := w.Write(append(b, body...))
	return err
}

// readMessage reads one handshake message of one of the wanted kinds.
func readMessage(r io.Reader, want ...byte) (kind byte, body []byte, err error) {
	if want[0] == msgHello {
		var m [len(magic)]byte
		if _, err := io.ReadFull(r, m[:]); err != nil {
			return 0, nil, err
		}
		if string(m[:]) != magic {
			return 0, nil, errMalformed
		}
	}
	var head [3]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint16(head[1:]))
	if bytes.IndexByte(want, head[0]) < 0 || n > maxMessage {
		return 0, nil, errMalformed
	}
	body = make([]byte, n)
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}
