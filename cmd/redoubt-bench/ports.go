package main

import (
	"fmt"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// freePorts finds n ports that are free on the loopback interface. All are held until all are found, so
// that they differ.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", net.JoinHostPort(loopback, "0"))
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func local(port int) string { return net.JoinHostPort(loopback, strconv.Itoa(port)) }
