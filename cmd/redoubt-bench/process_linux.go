package main

import (
	"syscall"
	"time"
)

// serverAttributes keep Ctrl-C from the servers, which are ended in order, and end them even if this program
// is killed.
func serverAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// nap sleeps more exactly than a timer of Go's, whose grain is a millisecond where nothing else goes on.
func nap(d time.Duration) {
	t := syscall.NsecToTimespec(d.Nanoseconds())
	_ = syscall.Nanosleep(&t, nil) // one that is cut short by a signal is only shorter
}
