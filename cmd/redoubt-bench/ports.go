package main

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// Ports are taken from below those that the system gives to outgoing connections: a server that is killed and
// started again would find its port taken by one of the clients that look for it.
const (
	firstPort    = 10_000
	endPort      = 32_000
	portAttempts = 1000
)

// errNoPorts is returned when too few ports are free.
var errNoPorts = errors.New("too few ports are free")

// freePorts finds n ports that are free on the loopback interface. All are held until all are found, so
// that they differ.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range portAttempts {
		if len(ports) == n {
			return ports, nil
		}
		port := firstPort + rand.IntN(endPort-firstPort)
		l, err := net.Listen("tcp", local(port))
		if err != nil {
			continue
		}
		defer l.Close()
		ports = append(ports, port)
	}
	return nil, errNoPorts
}

func local(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
