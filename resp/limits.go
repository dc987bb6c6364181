package resp

import "math"

// Limits bound one request.
type Limits struct {
	MaxArgs   int // arguments of a multi-bulk request
	MaxBulk   int // bytes of one argument
	MaxInline int // bytes of an inline request, or of a length line

	// Unauthenticated narrows MaxArgs and MaxBulk to what AUTH and HELLO need,
	// and says so in the errors.
	Unauthenticated bool
}

// What redis-server has by default.
const (
	DefaultMaxArgs        = math.MaxInt32
	DefaultMaxBulkBytes   = 512 << 20 // proto-max-bulk-len
	DefaultMaxInlineBytes = 64 << 10
)

// What a client may send before it has authenticated.
const (
	unauthenticatedMaxArgs      = 10
	unauthenticatedMaxBulkBytes = 16 << 10
)

// DefaultLimits returns the limits that redis-server has by default.
func DefaultLimits() Limits {
	return Limits{MaxArgs: DefaultMaxArgs, MaxBulk: DefaultMaxBulkBytes, MaxInline: DefaultMaxInlineBytes}
}

// checkArgs checks an announced number of arguments.
func (l Limits) checkArgs(n int64) error {
	if n > int64(l.MaxArgs) {
		return &ProtocolError{badMultibulk}
	}
	if l.Unauthenticated && n > unauthenticatedMaxArgs {
		return &ProtocolError{unauthenticatedMultibulk}
	}
	return nil
}

// checkBulk checks an announced argument size.
func (l Limits) checkBulk(n int64) error {
	if n < 0 || n > int64(l.MaxBulk) {
		return &ProtocolError{badBulk}
	}
	if l.Unauthenticated && n > unauthenticatedMaxBulkBytes {
		return &ProtocolError{unauthenticatedBulk}
	}
	return nil
}
