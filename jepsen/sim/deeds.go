package sim

import (
	"strconv"

	"github.com/redoubtdb/redoubt/slotmap"
)

// do does one step and says how it went.
func (n *Nemesis) do(st Step) string {
	net := n.c.Net
	switch st.Kind {
	case KindKill:
		n.kill(st.Hosts)
	case KindCut:
		n.each(st.Hosts, st.Peers, net.Cut)
	case KindHeal:
		n.each(st.Hosts, st.Peers, net.Heal)
	case KindReset:
		n.each(st.Hosts, st.Peers, net.Reset)
	case KindPace:
		n.c.pace.set(st.D)
	case KindDelay:
		n.delay(st.Hosts, st.Peers, st.D)
	default:
		how := "done"
		for _, h := range st.Hosts {
			how = n.doTo(st, h)
		}
		return how
	}
	return "done"
}

// doTo does a step that concerns one host.
func (n *Nemesis) doTo(st Step, h int) string {
	switch st.Kind {
	case KindStart:
		return n.start(h)
	case KindStop:
		n.stop(h)
	case KindWipe:
		return n.wipe(h)
	case KindDisk:
		n.setDisk(h, st.D)
	case KindDiskFail:
		n.failDisk(h)
	case KindSleep:
		n.command(h, "DEBUG", "SLEEP", seconds(st.D))
	case KindFailover:
		n.command(h, "CLUSTER", "FAILOVER")
	case KindForce:
		n.command(h, "CLUSTER", "FAILOVER", "FORCE")
	case KindSave:
		n.command(h, "BGSAVE")
	case KindMeet:
		n.command(h, "CLUSTER", "MEET", n.name(st.Peers[0]), strconv.Itoa(clientPort))
	case KindReplicate, KindForget, KindClear:
		return n.member(st, h)
	}
	return "done"
}

// member does a step of a spare host's membership.
func (n *Nemesis) member(st Step, h int) string {
	node := n.c.hosts[h].node
	if node == nil {
		return "it is down"
	}
	switch st.Kind {
	case KindForget:
		n.command(st.Peers[0], "CLUSTER", "FORGET", string(node.Self()))
	case KindReplicate:
		m := node.Map()
		other := n.c.hosts[st.Peers[0]].node
		if other == nil || m.Node(other.Self()) == nil {
			return "it does not know the other one"
		}
		master := slotmap.NodeID("")
		if g := m.GroupOf(other.Self()); g != nil {
			master = g.Leader
		}
		n.command(h, "CLUSTER", "REPLICATE", string(master))
	default:
		if len(node.Map().Nodes()) > 1 && !n.canLose(h) {
			return "a group could not bear it"
		}
		words := []string{"CLUSTER", "RESET"}
		if st.D > 0 {
			words = append(words, "HARD")
		}
		n.command(h, words...)
	}
	return "sent"
}

// wipe kills a node and empties its data directory, if every group that it votes in keeps a
// majority whose disks are whole: more nobody promises.
func (n *Nemesis) wipe(h int) string {
	if n.c.hosts[h].node == nil {
		return "it is down"
	}
	if !n.canLose(h) {
		return "a group could not bear it"
	}
	n.kill([]int{h})
	n.c.Wipe(h, false)
	delete(n.ids, h)
	n.setDisk(h, n.schedule.Disk)
	return "done"
}
