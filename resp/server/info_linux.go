package server

import (
	"syscall"
	"time"
)

// cpuTimes are what the process has used of the processors.
func cpuTimes() (system, user time.Duration) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, 0
	}
	return time.Duration(u.Stime.Nano()), time.Duration(u.Utime.Nano())
}

// systemMemory is the machine's memory in bytes, 0 unknown.
func systemMemory() uint64 {
	var i syscall.Sysinfo_t
	if err := syscall.Sysinfo(&i); err != nil {
		return 0
	}
	return uint64(i.Totalram) * uint64(i.Unit)
}
