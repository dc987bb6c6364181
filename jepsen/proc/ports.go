package proc

import (
	"errors"
	"net"
	"os"
	"strconv"
)

// Client ports are sought from here on, so that they and their bus ports lie below the
// ports which the system gives to outgoing connections.
const (
	busPortOffset = 10000
	firstPort     = 20000
	portRange     = 2700
)

// ports are client ports that are free together with their bus ports. The UDP socket of
// the same number, held until release, keeps other test processes from taking them too.
type ports struct {
	numbers []int
	claims  []net.PacketConn
}

// claimPorts finds n of them.
func claimPorts(n int) (*ports, error) {
	p := &ports{}
	for i := 0; i < portRange && len(p.numbers) < n; i++ {
		p.claim(firstPort + (os.Getpid()+i)%portRange)
	}
	if len(p.numbers) < n {
		p.release()
		return nil, errNoPorts
	}
	return p, nil
}

// claimRow finds n of them side by side.
func claimRow(n int) (*ports, error) {
	p := &ports{}
	for i := 0; i < portRange; i++ {
		if !p.claim(firstPort + (os.Getpid()+i)%portRange) {
			p.release()
			continue
		}
		if last := len(p.numbers) - 1; p.numbers[last] != p.numbers[0]+last {
			p.release() // around the end of the range
			continue
		}
		if len(p.numbers) == n {
			return p, nil
		}
	}
	p.release()
	return nil, errNoPorts
}

var errNoPorts = errors.New("proc: not enough free ports")

// claim takes one port if nobody has it.
func (p *ports) claim(port int) bool {
	claim, err := net.ListenPacket("udp", local(port))
	if err != nil {
		return false
	}
	if !free(port) || !free(port+busPortOffset) {
		_ = claim.Close()
		return false
	}
	p.numbers, p.claims = append(p.numbers, port), append(p.claims, claim)
	return true
}

func (p *ports) release() {
	for _, c := range p.claims {
		_ = c.Close()
	}
	p.numbers, p.claims = nil, nil
}

func free(port int) bool {
	l, err := net.Listen("tcp", local(port))
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

// local is the address of a port on this machine.
func local(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
