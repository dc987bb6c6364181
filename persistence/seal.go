package persistence

import (
	"encoding/json"
	"errors"
	"fmt"
)

// sealed is a small JSON document with its checksum, so that a damaged one is
// told from a whole one:
//
//	{"crc32c":"1c2d3e4f","body":{...}}
type sealed struct {
	Checksum string          `json:"crc32c"`
	Body     json.RawMessage `json:"body"`
}

var errSeal = errors.New("checksum does not match")

// seal wraps a JSON value.
func seal(body []byte) []byte {
	return fmt.Appendf(nil, "{\"crc32c\":%q,\"body\":%s}\n", sumText(body), body)
}

// unseal returns the value, if its checksum is right.
func unseal(b []byte) ([]byte, error) {
	var s sealed
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, err
	}
	if s.Checksum != sumText(s.Body) {
		return nil, errSeal
	}
	return s.Body, nil
}

func sumText(body []byte) string { return fmt.Sprintf("%08x", checksum(body)) }
