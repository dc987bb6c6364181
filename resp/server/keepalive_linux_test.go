package server

import (
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// tcp-keepalive is set on the sockets of clients, with the times that redis-server gives them: the first probe after so
// many seconds, three more at a third of that. A new value counts for new connections.
func TestKeepAlive(t *testing.T) {
	f := newFixture(t)
	t.Cleanup(f.close)
	addr := f.listen()
	for _, tt := range []struct{ seconds, on, idle, interval, count int }{{300, 1, 300, 100, 3}, {60, 1, 60, 20, 3}, {1, 1, 1, 1, 3}, {0, 0, -1, -1, -1}} {
		f.set("tcp-keepalive", strconv.Itoa(tt.seconds))
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		socket := f.socketOf(nc.LocalAddr().String())
		for _, option := range []struct {
			name               string
			level, which, want int
		}{
			{"SO_KEEPALIVE", syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, tt.on}, {"TCP_KEEPIDLE", syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, tt.idle},
			{"TCP_KEEPINTVL", syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, tt.interval}, {"TCP_KEEPCNT", syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT, tt.count},
			{"TCP_NODELAY", syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1},
		} {
			if got := socketOption(t, socket, option.level, option.which); option.want >= 0 && got != option.want {
				t.Errorf("tcp-keepalive %d: %s is %d, want %d", tt.seconds, option.name, got, option.want)
			}
		}
	}
}

// socketOf waits for the connection of a client and returns the server's side of it.
func (f *fixture) socketOf(client string) *net.TCPConn {
	f.t.Helper()
	for end := time.Now().Add(realStartLimit); time.Now().Before(end); time.Sleep(time.Millisecond) {
		for _, c := range f.server.allClients() {
			if c.nc.RemoteAddr().String() == client {
				return c.nc.(*net.TCPConn)
			}
		}
	}
	f.t.Fatal("the connection is not there")
	return nil
}

func socketOption(t *testing.T, nc *net.TCPConn, level, which int) (value int) {
	t.Helper()
	raw, err := nc.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var fault error
	if err := raw.Control(func(fd uintptr) { value, fault = syscall.GetsockoptInt(int(fd), level, which) }); err != nil || fault != nil {
		t.Fatal(err, fault)
	}
	return value
}
