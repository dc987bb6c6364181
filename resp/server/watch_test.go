package server

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// patientInspector waits for replicas as long as it may.
type patientInspector struct{ fakeInspector }

func (p *patientInspector) Data() DataInspector { return p }

func (p *patientInspector) WaitReplicas(ctx context.Context, _ int) (int, error) {
	<-ctx.Done()
	return 0, nil
}

// A client that disconnects while it waits is noticed, at once and not when the wait is over; what it waited to do is
// not done.
func TestWaitingClientGoes(t *testing.T) {
	for _, command := range []string{"WAIT 1 0", "SET k v", "MULTI\r\nINCR k\r\nEXEC"} {
		bubble(t, func(t *testing.T, f *fixture) {
			f.server.inspect = &patientInspector{}
			if command != "WAIT 1 0" {
				f.dial().want("+OK|+OK|<closed>", "CLIENT PAUSE 1000000 WRITE", "QUIT")
			}
			nc := f.stalled()
			go func() { _, _ = io.Copy(io.Discard, nc) }()
			_, _ = io.WriteString(nc, command+"\r\n"+strings.Repeat("PING\r\n", 100))
			time.Sleep(time.Minute)
			if n := f.server.clientCount(); n != 1 {
				t.Fatalf("%s: %d clients are connected", command, n)
			}
			_ = nc.Close()
			time.Sleep(time.Second)
			if n := f.server.clientCount(); n != 0 {
				t.Errorf("%s: %d clients are left", command, n)
			}
			f.dial().want("+OK|$-1|", "CLIENT UNPAUSE", "GET k")
		})
	}
}

// What a client sends while it waits is answered afterwards, in order, however it arrives; a new timeout and the old one
// pass over it.
func TestWaitingClientSendsMore(t *testing.T) {
	for _, size := range []int{1000, 7000, maxAheadBytes, 100_000} {
		bubble(t, func(t *testing.T, f *fixture) {
			c := f.dial()
			f.dial().want("+OK|+OK|<closed>", "CLIENT PAUSE 60000 WRITE", "QUIT")
			var talk, want strings.Builder
			for i := range 3000 {
				fmt.Fprintf(&talk, "*2\r\n$4\r\nECHO\r\n$5\r\n%05d\r\n", i)
				fmt.Fprintf(&want, "$5|%05d|", i)
			}
			c.send("SET k v\r\n" + talk.String()[:100])
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				for rest := talk.String()[100:]; rest != ""; time.Sleep(time.Second) {
					n := min(size, len(rest))
					_, _ = io.WriteString(c.nc, rest[:n])
					rest = rest[n:]
				}
			}()
			time.Sleep(5 * time.Second)
			f.set("timeout", "20")
			if got := c.take(); got != "" {
				t.Errorf("answered in the pause: %.100q", got)
			}
			time.Sleep(56 * time.Second)
			<-sent
			if got := c.take(); got != "+OK|"+want.String() {
				t.Errorf("pieces of %d: %d bytes, the end is %q", size, len(got), got[max(0, len(got)-40):])
			}
		}, "--timeout", "30")
	}
}

// Nothing in a transaction waits.
func TestWaitInTransaction(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.server.inspect = &patientInspector{}
		f.dial().want("+OK|+QUEUED|+QUEUED|*2|+OK|:0|", "MULTI", "SET k v", "WAIT 5 0", "EXEC")
		synctest.Wait()
	})
}
