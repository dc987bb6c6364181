package resp

// ProtocolError is returned when what a client sent cannot be framed. The
// client is told "ERR " and the text, then the connection is closed: there is
// no place to go on from.
type ProtocolError struct {
	text string
}

func (e *ProtocolError) Error() string { return "Protocol error: " + e.text }

// Redis' words for each, after "Protocol error: ".
const (
	badMultibulk             = "invalid multibulk length"
	badBulk                  = "invalid bulk length"
	unauthenticatedMultibulk = "unauthenticated multibulk length"
	unauthenticatedBulk      = "unauthenticated bulk length"
	tooBigMultibulkLine      = "too big mbulk count string"
	tooBigBulkLine           = "too big bulk count string"
	tooBigInline             = "too big inline request"
	unbalancedQuotes         = "unbalanced quotes in request"
)

// notBulk is returned where '$' was expected and c came.
func notBulk(c byte) error {
	return &ProtocolError{"expected '$', got '" + string([]byte{c}) + "'"}
}
