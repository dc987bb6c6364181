package server

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/slotmap"
)

// TestClusterLooksLikeRedis describes a real cluster to our map, and compares what both make of it.
func TestClusterLooksLikeRedis(t *testing.T) {
	t.Parallel()
	c := startRealCluster(t)
	v := viewOf(t, c)
	if got, want := maskTimes(v.nodesText()), maskTimes(strings.ReplaceAll(c.one.bulk("CLUSTER", "NODES"), "|", "\r\n")); got != want {
		t.Errorf("CLUSTER NODES:\n%s\nRedis:\n%s", got, want)
	}
	compareInfo(t, v, c.one.bulk("CLUSTER", "INFO"))
	for _, hostname := range []string{"", "one.example"} {
		if got := c.one.ask("CONFIG", "SET", "cluster-announce-hostname", hostname); got != "+OK|" {
			t.Fatal(got)
		}
		setHostname(t, v, hostname)
		for _, endpoints := range []string{endpointIP, endpointHostname, endpointUnknown} {
			c.one.ask("CONFIG", "SET", "cluster-preferred-endpoint-type", endpoints)
			v.endpoints = endpoints
			for _, proto := range []int{2, 3} {
				c.one.ask("HELLO", strconv.Itoa(proto))
				compareReplies(t, v, c, proto)
			}
		}
	}
}

func compareReplies(t *testing.T, v *clusterView, c realCluster, proto int) {
	t.Helper()
	for name, write := range map[string]func(w *resp.Writer){"SLOTS": v.writeSlots, "SHARDS": v.writeShards} {
		var w resp.Writer
		w.SetProto(proto)
		write(&w)
		got := maskOffsets(strings.ReplaceAll(string(w.Bytes()), "\r\n", "|"))
		if want := maskOffsets(c.one.ask("CLUSTER", name)); got != want {
			t.Errorf("CLUSTER %s, endpoint type %s, RESP%d:\n%s\nRedis:\n%s", name, v.endpoints, proto, got, want)
		}
	}
}

// viewOf makes the map that a real cluster would have here, its groups in the order of the real CLUSTER SHARDS.
func viewOf(t *testing.T, c realCluster) *clusterView {
	t.Helper()
	g1, g2 := slotmap.GroupID(strings.Repeat("1", 40)), slotmap.GroupID(strings.Repeat("2", 40))
	if shards := c.one.ask("CLUSTER", "SHARDS"); strings.Index(shards, c.one.id) > strings.Index(shards, c.two.id) {
		g1, g2 = g2, g1
	}
	node := func(r *realNode) slotmap.Node {
		return slotmap.Node{ID: slotmap.NodeID(r.id), Incarnation: "1", Host: "127.0.0.1", Port: r.port, BusPort: r.port + realBusDistance}
	}
	m := slotmap.NewMap("real", node(c.one), slotmap.Group{ID: g1, Epoch: 1})
	for _, change := range []slotmap.Change{
		slotmap.AssignSlots(g1, []slotmap.Range{{Start: 0, End: 8191}}),
		slotmap.AddNode(node(c.two), slotmap.Group{ID: g2, Epoch: 2}, []slotmap.Range{{Start: 8192, End: slotmap.SlotCount - 1}}, 2, 5),
		slotmap.AddNode(node(c.replica), slotmap.Group{ID: "3"}, nil, 2, 0),
		slotmap.MoveNode(slotmap.NodeID(c.replica.id), g1),
	} {
		next, err := m.Apply(change)
		if err != nil {
			t.Fatal(err)
		}
		m = next
	}
	return &clusterView{Map: m, self: slotmap.NodeID(c.one.id), endpoints: endpointIP, now: time.UnixMilli(1)}
}

func setHostname(t *testing.T, v *clusterView, hostname string) {
	t.Helper()
	n := *v.Node(v.self)
	n.Hostname = hostname
	m, err := v.Apply(slotmap.SetAddress(n))
	if err != nil {
		t.Fatal(err)
	}
	v.Map = m
}

// maskTimes sorts the lines of CLUSTER NODES and hides when nodes were last heard.
func maskTimes(nodes string) string {
	times := regexp.MustCompile(` \d+ \d+ (\d+) (connected|disconnected)`)
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(nodes, "\r\n", "\n")), "\n")
	for i, line := range lines {
		lines[i] = times.ReplaceAllString(line, " - - $1 $2")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func maskOffsets(reply string) string {
	return regexp.MustCompile(`(replication-offset\|):\d+`).ReplaceAllString(reply, "$1:0")
}

// compareInfo compares CLUSTER INFO: every line that a real server has we have too, in the same order, with the same
// value. How many messages of a kind went over the bus is its own affair.
func compareInfo(t *testing.T, v *clusterView, real string) {
	t.Helper()
	var want []string
	for _, line := range strings.Split(strings.TrimSpace(strings.ReplaceAll(real, "|", "\n")), "\n") {
		name, _, _ := strings.Cut(line, ":")
		switch {
		case name == "cluster_stats_messages_sent", name == "cluster_stats_messages_received":
			want = append(want, name+":0")
		case !strings.HasPrefix(name, "cluster_stats_"):
			want = append(want, line)
		}
	}
	got := strings.Split(strings.TrimSpace(strings.ReplaceAll(v.infoText(), "\r\n", "\n")), "\n")
	got = slices.DeleteFunc(got, func(line string) bool { return strings.HasPrefix(line, "cluster_groups_without_witness:") })
	if !slices.Equal(got, want) {
		t.Errorf("CLUSTER INFO:\n%s\nRedis:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestClusterErrorsAreRedis sends wrong commands to a real cluster and to us. SELF is the node that is asked, PARTNER its
// replica, OTHER the other master.
func TestClusterErrorsAreRedis(t *testing.T) {
	t.Parallel()
	c := startRealCluster(t)
	master := newDesk(t)
	master.populate()
	replica := newDesk(t)
	replica.populate()
	replica.shard.setLeader(nodePartner)
	ids := strings.NewReplacer("SELF", string(nodeSelf), "PARTNER", string(nodePartner), "OTHER", string(nodeOther))
	realIDs := strings.NewReplacer("SELF", c.one.id, "PARTNER", c.replica.id, "OTHER", c.two.id)
	back := strings.NewReplacer(c.one.id, string(nodeSelf), c.replica.id, string(nodePartner), c.two.id, string(nodeOther))
	for _, line := range wrongClusterCommands() {
		want := back.Replace(c.one.ask(strings.Split(realIDs.Replace(line), " ")...))
		master.want(ids.Replace(line), want)
	}
	// Asked at the replica, SELF is the replica and PARTNER its master, so the names change places.
	realIDs = strings.NewReplacer("SELF", c.replica.id, "PARTNER", c.one.id, "OTHER", c.two.id)
	back = strings.NewReplacer(c.replica.id, string(nodeSelf), c.one.id, string(nodePartner), c.two.id, string(nodeOther))
	for _, line := range wrongReplicaCommands() {
		want := back.Replace(c.replica.ask(strings.Split(realIDs.Replace(line), " ")...))
		replica.want(ids.Replace(line), want)
	}
	for _, d := range []*desk{master, replica} {
		if calls := d.called(); len(calls) > 0 {
			t.Errorf("wrong commands reached the node: %q", calls)
		}
	}
}

func wrongClusterCommands() []string {
	return []string{
		"CLUSTER", "CLUSTER FOO", "CLUSTER FOO bar", "CLUSTER NODES x", "CLUSTER INFO x", "CLUSTER FLUSHSLOTS x", "CLUSTER KEYSLOT",
		"CLUSTER COUNTKEYSINSLOT x", "CLUSTER COUNTKEYSINSLOT -1", "CLUSTER COUNTKEYSINSLOT 16384",
		"CLUSTER GETKEYSINSLOT 1 -1", "CLUSTER GETKEYSINSLOT 16384 1", "CLUSTER GETKEYSINSLOT x 1", "CLUSTER GETKEYSINSLOT 1 x", "CLUSTER GETKEYSINSLOT 1 0",
		"CLUSTER MEET 127.0.0.1 x", "CLUSTER MEET 127.0.0.1 0", "CLUSTER MEET 127.0.0.1 70000", "CLUSTER MEET foo 7000", "CLUSTER MEET 127.0.0.1 7000 x",
		"CLUSTER MEET 127.0.0.1 7000 70000", "CLUSTER MEET 127.0.0.1 7000 1 2", "CLUSTER MEET 127.0.0.1 60000", "CLUSTER MEET ::g 7000", "CLUSTER MEET fe80::1%lo 7000",
		"CLUSTER FORGET x", "CLUSTER FORGET SELF",
		"CLUSTER ADDSLOTS x", "CLUSTER ADDSLOTS 16384", "CLUSTER ADDSLOTS -1", "CLUSTER ADDSLOTS 5", "CLUSTER ADDSLOTS 5 x", "CLUSTER ADDSLOTS 5 5", "CLUSTER ADDSLOTS 9000",
		"CLUSTER ADDSLOTSRANGE 1", "CLUSTER ADDSLOTSRANGE 1 2 3", "CLUSTER ADDSLOTSRANGE 5 1", "CLUSTER ADDSLOTSRANGE x 1", "CLUSTER ADDSLOTSRANGE 1 16384", "CLUSTER ADDSLOTSRANGE 1 2",
		"CLUSTER DELSLOTS x", "CLUSTER DELSLOTS 1 1", "CLUSTER DELSLOTSRANGE 5 1", "CLUSTER DELSLOTSRANGE 1 2 3", "CLUSTER DELSLOTSRANGE 1 5 3 9",
		"CLUSTER REPLICATE x", "CLUSTER REPLICATE SELF", "CLUSTER REPLICATE OTHER", "CLUSTER REPLICATE PARTNER", "CLUSTER REPLICATE 0000000000000000000000000000000000000000",
		"CLUSTER REPLICAS x", "CLUSTER REPLICAS PARTNER", "CLUSTER REPLICAS OTHER", "CLUSTER SLAVES x", "CLUSTER REPLICAS",
		"CLUSTER FAILOVER", "CLUSTER FAILOVER x", "CLUSTER FAILOVER FORCE", "CLUSTER FAILOVER TAKEOVER", "CLUSTER FAILOVER FORCE x",
		"CLUSTER RESET x", "CLUSTER RESET HARD SOFT",
		"CLUSTER SET-CONFIG-EPOCH x", "CLUSTER SET-CONFIG-EPOCH -1", "CLUSTER SET-CONFIG-EPOCH 5", "CLUSTER SET-CONFIG-EPOCH 0",
		"CLUSTER COUNT-FAILURE-REPORTS x", "CLUSTER COUNT-FAILURE-REPORTS OTHER",
		"CLUSTER SETSLOT 1", "CLUSTER SETSLOT x NODE SELF", "CLUSTER SETSLOT 16384 NODE SELF", "CLUSTER SETSLOT 1 FOO", "CLUSTER SETSLOT 1 FOO bar", "CLUSTER SETSLOT 1 NODE x",
		"CLUSTER SETSLOT 1 NODE", "CLUSTER SETSLOT 9000 MIGRATING OTHER", "CLUSTER SETSLOT 1 IMPORTING OTHER", "CLUSTER SETSLOT 1 MIGRATING x", "CLUSTER SETSLOT 9000 IMPORTING x",
		"CLUSTER SETSLOT 1 MIGRATING PARTNER", "CLUSTER SETSLOT 1 STABLE", "CLUSTER SETSLOT 1 STABLE x", "CLUSTER SETSLOT 1 NODE PARTNER", "CLUSTER SETSLOT 1 MIGRATING",
		"SWAPDB 0 1", "REPLICAOF a 1", "REPLICAOF NO ONE", "FAILOVER", "MOVE b 1",
		"WAIT x 1", "WAIT 1 -1", "WAIT 1 x", "WAIT 1",
		"SAVE x", "BGSAVE x", "BGSAVE SCHEDULE x", "BGREWRITEAOF x", "LASTSAVE x", "ROLE x",
		"SLOWLOG", "SLOWLOG GET", "SLOWLOG GET 5", "SLOWLOG GET x", "SLOWLOG GET -2", "SLOWLOG GET 1 2", "SLOWLOG LEN", "SLOWLOG RESET", "SLOWLOG x",
		"LATENCY LATEST", "LATENCY HISTORY x", "LATENCY GRAPH x", "LATENCY RESET", "LATENCY RESET x", "LATENCY HISTOGRAM foo", "LATENCY x",
		"MODULE LIST", "MODULE LOAD x", "MODULE UNLOAD x", "MODULE LOADEX x", "MODULE x",
		"DEBUG", "DEBUG foo", "DEBUG SLEEP", "DEBUG SLEEP 0 0", "DEBUG JMAP", "DEBUG ERROR a",
		"SHUTDOWN x", "SHUTDOWN SAVE NOSAVE", "SHUTDOWN NOSAVE SAVE", "SHUTDOWN ABORT NOW", "SHUTDOWN NOW ABORT",
		"CONFIG", "CONFIG GET", "CONFIG SET a", "CONFIG SET a b", "CONFIG SET a b c", "CONFIG FOO", "CONFIG RESETSTAT x", "CONFIG RESETSTAT", "CONFIG REWRITE", "CONFIG REWRITE x",
		"CONFIG GET nosuch", "CONFIG GET maxmemory", "CONFIG GET MaxMemory", "CONFIG SET maxmemory x", "CONFIG SET cluster-config-file x",
		"INFO foo", "INFO cluster", "INFO CLUSTER modules",
	}
}

func wrongReplicaCommands() []string {
	return []string{
		"CLUSTER FAILOVER x", "CLUSTER REPLICATE SELF", "CLUSTER REPLICATE nobody", "CLUSTER FORGET PARTNER", "CLUSTER FORGET SELF", "CLUSTER ADDSLOTS 5",
		"CLUSTER SETSLOT 1 STABLE", "CLUSTER SETSLOT 1 NODE PARTNER", "CLUSTER SET-CONFIG-EPOCH 3", "CLUSTER RESET x", "WAIT 1 0", "CLUSTER REPLICAS SELF",
	}
}
