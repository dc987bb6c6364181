package rdb

import (
	"errors"
	"fmt"
)

// What can be wrong with a file; an *Error wraps one of them.
var (
	// ErrTruncated is returned when the file ends too early.
	ErrTruncated = errors.New("file ends too early")
	// ErrCorrupt is returned when bytes make no sense.
	ErrCorrupt = errors.New("damaged")
	// ErrChecksum is returned when the file's checksum is not that of its bytes.
	ErrChecksum = errors.New("checksum does not match")
	// ErrUnsupported is returned for what is valid in Redis and not read here.
	ErrUnsupported = errors.New("not supported")
)

// Error tells where in the file reading failed. A Handler's own error is not
// wrapped in it.
type Error struct {
	Offset int64 // bytes from the file's beginning
	Err    error
}

func (e *Error) Error() string { return fmt.Sprintf("rdb: at byte %d: %v", e.Offset, e.Err) }

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

func corrupt(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, a...))
}

func unsupported(format string, a ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, a...), ErrUnsupported)
}
