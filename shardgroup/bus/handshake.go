package bus

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net"
	"time"
)

// handshakeLimit bounds a handshake on either side, and so the time a silent
// or half-open connection is kept before it said who it is.
const handshakeLimit = 3 * time.Second

// maxReason bounds the text of a refusal, in bytes.
const maxReason = 512

// The two directions prove different things, so that neither proof can be
// sent back as the other.
const (
	labelCaller = "redoubt bus 1 caller"
	labelCallee = "redoubt bus 1 callee"
)

func mac(secret, label string, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(appendString(nil, label))
	for _, p := range parts {
		h.Write([]byte{byte(len(p) >> 8), byte(len(p))})
		h.Write(p)
	}
	return h.Sum(nil)
}

// greet is the caller's side: it returns the identity of the callee.
func greet(conn net.Conn, h *hello, secret string) (Identity, error) {
	if _, err := rand.Read(h.nonce[:]); err != nil {
		return Identity{}, err
	}
	h.version = protoVersion
	opening := h.encode()
	if err := writeMessage(conn, msgHello, opening); err != nil {
		return Identity{}, err
	}
	kind, body, err := readMessage(conn, msgChallenge, msgVerdict)
	if err != nil {
		return Identity{}, err
	}
	var challenge []byte
	if kind == msgChallenge {
		if secret == "" {
			return Identity{}, fmt.Errorf("the peer asks for a secret: %w", ErrAuth)
		}
		challenge = body
		if err := writeMessage(conn, msgProof, mac(secret, labelCaller, opening, challenge)); err != nil {
			return Identity{}, err
		}
		if _, body, err = readMessage(conn, msgVerdict); err != nil {
			return Identity{}, err
		}
	}
	v, err := decodeVerdict(body)
	if err != nil {
		return Identity{}, err
	}
	if secret != "" && !hmac.Equal(v.mac, mac(secret, labelCallee, opening, challenge, v.signed())) {
		return Identity{}, fmt.Errorf("the peer did not prove that it knows the secret: %w", ErrAuth)
	}
	return v.self, v.check(h)
}

// check turns a refusal into an error, and an acceptance by someone else too.
func (v *verdict) check(h *hello) error {
	switch {
	case v.code != "":
		return &Refusal{Code: v.code, Msg: v.msg}
	case h.stranger():
		return nil
	case v.self.Cluster != h.from.Cluster:
		return ErrForeignCluster
	case v.self.Node != h.to.Node:
		return ErrWrongNode
	case v.self.Incarnation != h.to.Incarnation:
		return ErrWrongIncarnation
	}
	return nil
}

// receive is the callee's side: it reads a preamble, lets judge decide, and
// answers. It returns nil only if the connection is accepted.
func receive(conn net.Conn, self Identity, secret string, judge func(*hello) error) (*hello, error) {
	_, opening, err := readMessage(conn, msgHello)
	if err != nil {
		return nil, fmt.Errorf("read preamble: %w", err)
	}
	h, err := decodeHello(opening)
	if err != nil {
		return nil, fmt.Errorf("read preamble: %w", err)
	}
	var challenge []byte
	if secret != "" {
		if challenge, err = authenticate(conn, secret, opening); err != nil {
			_ = writeMessage(conn, msgVerdict, (&verdict{code: "auth"}).encode())
			return h, err
		}
	}
	v := &verdict{self: self}
	refused := judge(h)
	if refused != nil {
		r := refuse(refused)
		v.code, v.msg = r.Code, r.Msg[:min(len(r.Msg), maxReason)]
	}
	if secret != "" {
		v.mac = mac(secret, labelCallee, opening, challenge, v.signed())
	}
	if err := writeMessage(conn, msgVerdict, v.encode()); err != nil {
		return h, fmt.Errorf("answer preamble: %w", err)
	}
	return h, refused
}

// authenticate lets the caller prove that it knows the secret.
func authenticate(conn net.Conn, secret string, opening []byte) (challenge []byte, err error) {
	challenge = make([]byte, nonceSize)
	if _, err := rand.Read(challenge); err != nil {
		return nil, err
	}
	if err := writeMessage(conn, msgChallenge, challenge); err != nil {
		return nil, err
	}
	_, proof, err := readMessage(conn, msgProof)
	if err != nil {
		return nil, fmt.Errorf("read proof: %w: %w", ErrAuth, err)
	}
	if !hmac.Equal(proof, mac(secret, labelCaller, opening, challenge)) {
		return nil, fmt.Errorf("the peer has another secret: %w", ErrAuth)
	}
	return challenge, nil
}
