package main

import (
	"context"
	"fmt"
	"strconv"
)

const redisName = "redis-server"

// startRedis starts a master with two replicas that sync their logs as Redoubt does, and returns the
// master's address.
func startRedis(ctx context.Context, f *fleet, path string) (string, error) {
	ports, err := freePorts(groupSize)
	if err != nil {
		return "", err
	}
	for i, port := range ports {
		args := []string{
			"--port", strconv.Itoa(port), "--bind", loopback, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
		}
		name, value := "role", "master"
		if i > 0 {
			args = append(args, "--replicaof", loopback+" "+strconv.Itoa(ports[0]))
			name, value = "master_link_status", "up"
		}
		p, err := f.add(fmt.Sprintf("redis-%d", i), path, args...)
		if err != nil {
			return "", err
		}
		up := func() error { return expect(ctx, local(port), name, value, "INFO", "replication") }
		if err := p.await(ctx, up); err != nil {
			return "", err
		}
	}
	return local(ports[0]), nil
}
