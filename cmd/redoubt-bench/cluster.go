package main

import "context"

// threeMasters is the smallest cluster that survives the loss of any node.
func threeMasters() shape { return shape{masters: 3, replicas: 1} }

// fillFactor is how many writes to random keys a fill takes for each key; five leave fewer than one key in a hundred out.
const fillFactor = 5

// measureCluster compares clusters of three masters as measureThroughput compares single masters.
func measureCluster(ctx context.Context, b *bench) error {
	var peers []peer
	for _, c := range b.contenders(b.startRedisCluster) {
		v, err := c.start(ctx, threeMasters())
		if err != nil {
			return err
		}
		p := v.peer(clusterName(c))
		if err := b.fillCluster(ctx, v, p); err != nil {
			return err
		}
		peers = append(peers, p)
	}
	return b.comparePeers(ctx, peers)
}

// clusterName is what a contender is called where it is a cluster.
func clusterName(c contender) string {
	if c.name == redisName {
		return redisClusterName
	}
	return c.name
}

// peer is how redis-benchmark finds these servers. It refuses to take a node alone for a cluster.
func (v *servers) peer(name string) peer {
	p := peer{name: name, addr: v.addrs[0]}
	if v.shape.masters > 1 {
		p.masters = v.shape.masters
	}
	return p
}

// fillCluster writes the keys that redis-benchmark asks for in a cluster. It picks their slots itself, so
// they are filled by it too.
func (b *bench) fillCluster(ctx context.Context, v *servers, p peer) (err error) {
	if p.masters == 0 {
		return v.fill(ctx, keys)
	}
	unscaled := *b.settings
	unscaled.scale = 1
	whole := bench{settings: &unscaled}
	filling := workload{"", "filling", "set", loadConns, 16, fillFactor * keys}
	for range fillAttempts {
		if _, err = whole.drive(ctx, filling, p); err == nil || ctx.Err() != nil {
			return err
		}
		if err := v.settle(ctx); err != nil {
			return err
		}
	}
	return err
}
