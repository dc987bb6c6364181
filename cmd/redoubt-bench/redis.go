package main

import (
	"context"
	"fmt"
	"strconv"
)

const (
	redisName        = "redis-server"
	redisClusterName = "Redis Cluster"
)

// startRedis starts a master with replicas that sync their logs as Redoubt does.
func (b *bench) startRedis(ctx context.Context, s shape, extra ...string) (*servers, error) {
	v, err := b.launch(ctx, "redis", b.redis, s, func(v *servers, i int) []string {
		args := append(redisArgs(v.ports[i]), extra...)
		if i > 0 {
			args = append(args, "--replicaof", loopback+" "+strconv.Itoa(v.ports[0]))
		}
		return args
	})
	if err != nil {
		return nil, err
	}
	return v, v.settle(ctx)
}

// startRedisCluster starts a Redis Cluster of nodes like these.
func (b *bench) startRedisCluster(ctx context.Context, s shape, extra ...string) (*servers, error) {
	v, err := b.launch(ctx, "redis-cluster", b.redis, s, func(v *servers, i int) []string {
		return append(append(redisArgs(v.ports[i]), "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(v.buses[i])), extra...)
	})
	if err != nil {
		return nil, err
	}
	v.cluster = true
	if err := v.form(ctx); err != nil {
		return nil, fmt.Errorf("forming the Redis Cluster: %w", err)
	}
	return v, nil
}

// redisArgs are those of every redis-server. A master waits for no further replicas before it sends its data to one, as
// it would for five seconds.
func redisArgs(port int) []string {
	return []string{
		"--port", strconv.Itoa(port), "--bind", loopback, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
		"--repl-diskless-sync-delay", "0",
	}
}
