package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

// SettleAround waits until the cluster of host 0 is whole: every running node that its map
// lists has the same map, is settled, and every other node is in a cluster of such nodes: a
// forgotten one may have met a spare.
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
		case member == nil:
			if why := c.apart(h, m); why != "" {
				return fmt.Sprintf("host %d is not in the map of host 0, and %s", i, why)
			}
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

// apart says what is wrong with the cluster of a host that is not in the cluster of m.
func (c *Cluster) apart(h *host, m *slotmap.Map) string {
	own := h.node.Map()
	for _, n := range own.Nodes() {
		i := slices.IndexFunc(c.hosts, func(o *host) bool { return o.node != nil && o.node.Self() == n.ID })
		switch {
		case m.Node(n.ID) != nil:
			return "believes to be in a cluster with one who is"
		case i < 0 || c.hosts[i].node.Map().ClusterID != own.ClusterID:
			return fmt.Sprintf("believes to be in a cluster with %s, which is not", n.ID)
		}
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
