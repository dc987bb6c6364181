package persistence

import (
	"errors"
	"os"
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

// How sync_file_range(2) is asked for the range to be on its way, and there, when it returns.
const syncRangeWrite = 1 | 2 | 4

// pushOut writes a range of a file to the disk now. It is no sync: what keeps the range findable may still be missing.
func pushOut(f *os.File, off, n int64) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	control := raw.Control(func(fd uintptr) { err = syscall.SyncFileRange(int(fd), off, n, syncRangeWrite) })
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.ESPIPE) {
		err = nil // this file system does not do that
	}
	return errors.Join(control, err)
}
