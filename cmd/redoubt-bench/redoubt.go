package main

import (
	"context"
	"fmt"
	"strconv"
)

const redoubtName = "Redoubt"

// startRedoubt starts a cluster of Redoubt that syncs every write.
func (b *bench) startRedoubt(ctx context.Context, s shape, extra ...string) (*servers, error) {
	v, err := b.launch(ctx, "redoubt", b.server, s, func(v *servers, i int) []string {
		return append(append([]string{
			"--port", strconv.Itoa(v.ports[i]), "--cluster-port", strconv.Itoa(v.buses[i]), "--bind", loopback,
			"--cluster-enabled", "yes", "--appendfsync", "always",
		}, extra...), b.extra...)
	})
	if err != nil {
		return nil, err
	}
	v.cluster = true
	if err := v.form(ctx); err != nil {
		return nil, fmt.Errorf("forming the cluster: %w", err)
	}
	return v, nil
}
