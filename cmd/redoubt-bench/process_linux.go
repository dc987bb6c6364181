package main

import "syscall"

// serverAttributes keep Ctrl-C from the servers, which are ended in order, and end them even if this program
// is killed.
func serverAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
