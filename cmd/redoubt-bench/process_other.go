//go:build !linux

package main

import "syscall"

// serverAttributes keep Ctrl-C from the servers, which are ended in order.
func serverAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
