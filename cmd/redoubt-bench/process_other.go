//go:build !linux

package main

import (
	"syscall"
	"time"
)

// serverAttributes keep Ctrl-C from the servers, which are ended in order.
func serverAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

func nap(d time.Duration) { time.Sleep(d) }
