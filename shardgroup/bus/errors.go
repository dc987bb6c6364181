package bus

import (
	"errors"
	"fmt"
)

// Errors of a call or of Layer.Dial.
var (
	// ErrNotSent is returned (wrapped, with the reason) when a call certainly
	// never reached its handler.
	ErrNotSent = errors.New("call was not sent")
	// ErrClosed is returned when the bus, or the layer, is closed.
	ErrClosed = errors.New("bus is closed")
	// ErrTooLarge is returned when a body exceeds MaxBody.
	ErrTooLarge = errors.New("body too large")
	// ErrConnectionLost is returned when a connection broke while its call
	// was running: whether the handler ran is unknown.
	ErrConnectionLost = errors.New("connection lost during the call")
)

// Refusals: what the other end may say instead of accepting a connection.
// They reach the dialing side as *Refusal values for which errors.Is holds.
var (
	// ErrVersion is returned when the peer does not speak our protocol version.
	ErrVersion = errors.New("protocol version not supported")
	// ErrAuth is returned when one end could not prove that it knows the secret.
	ErrAuth = errors.New("authentication failed")
	// ErrForeignCluster is returned when the peer is in another cluster.
	ErrForeignCluster = errors.New("peer is in another cluster")
	// ErrWrongNode is returned when another node listens at that address.
	ErrWrongNode = errors.New("another node answers at that address")
	// ErrWrongIncarnation is returned when that node lives in another
	// incarnation: its disk was lost or it was reset.
	ErrWrongIncarnation = errors.New("the node has another incarnation")
	// ErrNoChannel is returned when the peer does not serve that channel.
	ErrNoChannel = errors.New("no such channel")
	// ErrDenied is returned when the peer does not admit us to the channel.
	ErrDenied = errors.New("not admitted")
	// ErrBusy is returned when the peer has too many connections or calls.
	ErrBusy = errors.New("peer is busy")
	// ErrNoMethod is returned when the peer has no handler for the method.
	ErrNoMethod = errors.New("no such method")
)

// refusal pairs a sentinel with the code it has on the wire. Codes are never
// reused for something else.
type refusal struct {
	code string
	err  error
}

func refusals() []refusal {
	return []refusal{
		{"version", ErrVersion},
		{"auth", ErrAuth},
		{"cluster", ErrForeignCluster},
		{"node", ErrWrongNode},
		{"incarnation", ErrWrongIncarnation},
		{"channel", ErrNoChannel},
		{"busy", ErrBusy},
		{"method", ErrNoMethod},
		{"size", ErrTooLarge},
		{"denied", ErrDenied},
	}
}

// Refusal is the peer's coded refusal of a connection or a call.
type Refusal struct {
	Code, Msg string
}

func (r *Refusal) Error() string { return fmt.Sprintf("refused (%s): %s", r.Code, r.Msg) }

// Is makes errors.Is(err, ErrForeignCluster) and its like hold.
func (r *Refusal) Is(target error) bool {
	for _, known := range refusals() {
		if known.code == r.Code {
			return known.err == target
		}
	}
	return false
}

// refuse makes the refusal of the sentinel that err is or wraps; what is no
// sentinel of ours is Admit's own reason.
func refuse(err error) *Refusal {
	for _, known := range refusals() {
		if errors.Is(err, known.err) {
			return &Refusal{Code: known.code, Msg: err.Error()}
		}
	}
	return &Refusal{Code: "denied", Msg: err.Error()}
}

// RemoteError is the error a handler answered with.
type RemoteError struct {
	Code, Msg string
}

func (e *RemoteError) Error() string { return e.Msg }

// notSent marks err as one after which the handler certainly did not run.
func notSent(err error) error { return fmt.Errorf("%w: %w", ErrNotSent, err) }
