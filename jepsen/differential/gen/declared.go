package gen

import (
	"strings"

	"github.com/redoubtdb/redoubt/jepsen/differential/reply"
)

// Declared tells whether our reply to a data command may differ from Redis'. Each case
// says why, and is a row of docs/divergence.md.
func Declared(args []string, want, got reply.Value) bool {
	switch {
	// The encoding of a whole number follows from its bytes with us. Redis keeps the
	// result of INCRBYFLOAT as text, until it is restarted.
	case len(args) == 3 && strings.EqualFold(args[0], "OBJECT") && strings.EqualFold(args[1], "ENCODING"):
		return want.Text == "embstr" && got.Text == "int"
	}
	return false
}
