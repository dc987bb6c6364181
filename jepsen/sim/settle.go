package sim

import (
	"fmt"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// SettleAround waits until the cluster of host 0 is whole: every running node that its map
// lists has the same map, is settled, and every other node is a cluster by itself.
func (c *Cluster) SettleAround(limit time.Duration) error {
	var why string
	if Until(limit, func() bool { why = c.scattered(); return why == "" }) {
		return nil
	}
	return fmt.Errorf("sim: not settled after %v: %s", limit, why)
}

// scattered says what is not as it should be, "" when all is.
func (c *Cluster) scattered() string {
	if c.hosts[0].node == nil {
		return "host 0 is down"
	}
	m := c.hosts[0].node.Map()
	members := 0
	for i, h := range c.hosts {
		if h.node == nil {
			return fmt.Sprintf("host %d is down", i)
		}
		member := m.Node(h.node.Self())
		switch {
		case member == nil && len(h.node.Map().Nodes()) > 1:
			return fmt.Sprintf("host %d is not in the map of host 0, and believes to be in a cluster of %d nodes", i, len(h.node.Map().Nodes()))
		case member == nil:
			continue
		case member.ServerID() != h.node.ServerID():
			return fmt.Sprintf("host %d is %s, and %s in the map of host 0", i, h.node.ServerID(), member.ServerID())
		}
		members++
		if own := h.node.Map(); own.ClusterID != m.ClusterID || own.Version != m.Version {
			return fmt.Sprintf("host %d has version %d of the map, host 0 version %d", i, own.Version, m.Version)
		}
		if member.Failed || member.Leaving {
			return fmt.Sprintf("host %d is shown as failed %v, leaving %v", i, member.Failed, member.Leaving)
		}
		if why := h.node.Unsettled(); why != "" {
			return fmt.Sprintf("host %d: %s", i, why)
		}
	}
	if n := len(m.Nodes()); n != members {
		return fmt.Sprintf("the map has %d nodes, and %d of them run", n, members)
	}
	if m.State() != slotmap.StateOK {
		return "the cluster's state is " + string(m.State())
	}
	return ""
}

// serviceKeys finds a key in the slots of each group.
func (c *Cluster) serviceKeys() (keys []string) {
	m := c.hosts[0].node.Map()
	for _, g := range m.Groups() {
		if m.Count(g.ID) == 0 {
			continue
		}
		for i := 0; ; i++ {
			key := fmt.Sprintf("service:%d", i)
			if m.Owner(slotmap.KeySlot([]byte(key))) == g.ID {
				keys = append(keys, key)
				break
			}
		}
	}
	return keys
}
