//go:build !linux

package server

import "time"

// cpuTimes are not known on this system.
func cpuTimes() (system, user time.Duration) { return 0, 0 }

// systemMemory is not known on this system.
func systemMemory() uint64 { return 0 }
