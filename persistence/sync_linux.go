package persistence

import (
	"errors"
	"syscall"
)

// syncData makes a file's data durable, and of its metadata what is needed to read
// them.
func syncData(f *segmentFile) error {
	var err error
	control := f.raw.Control(func(fd uintptr) {
		for err = syscall.EINTR; err == syscall.EINTR; {
			err = syscall.Fdatasync(int(fd))
		}
	})
	return errors.Join(control, err)
}
