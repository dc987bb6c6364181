package server

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/slotmap"
)

func TestClusterOfAFreshNode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.topology.m.Store(slotmap.NewMap("c", slotmap.Node{ID: nodeSelf, Port: 7000, BusPort: 17000}, slotmap.Group{ID: groupSelf}))
	v := d.server.clusterView()
	if got, want := v.nodesText(), string(nodeSelf)+" :7000@17000 myself,master - 0 0 0 connected\n"; got != want {
		t.Errorf("CLUSTER NODES: %q, want %q", got, want)
	}
	want := `cluster_state:fail
cluster_slots_assigned:0
cluster_slots_ok:0
cluster_slots_pfail:0
cluster_slots_fail:0
cluster_known_nodes:1
cluster_size:0
cluster_current_epoch:0
cluster_my_epoch:0
cluster_stats_messages_sent:0
cluster_stats_messages_received:0
total_cluster_links_buffer_limit_exceeded:0
cluster_groups_without_witness:0
`
	if got := strings.ReplaceAll(v.infoText(), "\r\n", "\n"); got != want {
		t.Errorf("CLUSTER INFO: %s", got)
	}
	d.want("CLUSTER SLOTS", "*0|")
	d.want("CLUSTER MYID", "$40|"+string(nodeSelf)+"|")
	d.want("CLUSTER MYSHARDID", "$40|"+string(groupSelf)+"|")
	d.want("CLUSTER SHARDS", "*1|*4|$5|slots|*0|$5|nodes|*1|*14|$2|id|$40|"+string(nodeSelf)+
		"|$4|port|:7000|$2|ip|$0||$8|endpoint|$0||$4|role|$6|master|$18|replication-offset|:0|$6|health|$6|online|")
}

func TestClusterNodes(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.topology.change(t, slotmap.SetAddress(slotmap.Node{ID: nodeOther, Host: "10.0.0.3", Port: 7003, BusPort: 17003,
		AnnounceHost: "9.9.9.9", AnnouncePort: 99, AnnounceBusPort: 98, Hostname: "three.example"}))
	v := d.server.clusterView()
	v.now = time.UnixMilli(5000)
	v.heard = map[slotmap.NodeID]time.Duration{nodePartner: 300 * time.Millisecond}
	self, other := v.Group(groupSelf).Epoch, v.Group(groupOther).Epoch
	check := func(name string, want ...string) {
		t.Helper()
		if got := strings.Split(strings.TrimSpace(v.nodesText()), "\n"); !slices.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	check("all is well",
		fmt.Sprintf("%s 10.0.0.1:7001@17001 myself,master - 0 0 %d connected 0-8191", nodeSelf, self),
		fmt.Sprintf("%s 10.0.0.2:7002@17002 slave %s 0 4700 %d connected", nodePartner, nodeSelf, self),
		fmt.Sprintf("%s 9.9.9.9:99@98,three.example master - 0 5000 %d connected 8192-16383", nodeOther, other))

	d.topology.change(t, slotmap.SetHealth(nodeOther, true), slotmap.SetHealth(nodePartner, true))
	v.Map = d.topology.Map()
	check("others have failed",
		fmt.Sprintf("%s 10.0.0.1:7001@17001 myself,master - 0 0 %d connected 0-8191", nodeSelf, self),
		fmt.Sprintf("%s 10.0.0.2:7002@17002 slave,fail %s 0 4700 %d disconnected", nodePartner, nodeSelf, self),
		fmt.Sprintf("%s 9.9.9.9:99@98,three.example master,fail - 0 0 %d disconnected 8192-16383", nodeOther, other))

	v.leader = nodePartner // our own Raft knows better than the map
	check("the replica has taken over",
		fmt.Sprintf("%s 10.0.0.1:7001@17001 myself,slave %s 0 0 %d connected", nodeSelf, nodePartner, self),
		fmt.Sprintf("%s 10.0.0.2:7002@17002 master,fail - 0 4700 %d disconnected 0-8191", nodePartner, self),
		fmt.Sprintf("%s 9.9.9.9:99@98,three.example master,fail - 0 0 %d disconnected 8192-16383", nodeOther, other))

	d.topology.change(t, slotmap.SetLeaving(nodePartner))
	v.Map, v.leader = d.topology.Map(), nodeSelf
	check("the replica is being forgotten",
		fmt.Sprintf("%s 10.0.0.1:7001@17001 myself,master - 0 0 %d connected 0-8191", nodeSelf, self),
		fmt.Sprintf("%s 9.9.9.9:99@98,three.example master,fail - 0 0 %d disconnected 8192-16383", nodeOther, other))
	if got := v.infoText(); !strings.Contains(got, "cluster_known_nodes:2\r\n") {
		t.Errorf("CLUSTER INFO counts a node that is being forgotten: %s", got)
	}
}

func TestClusterInfoCounts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.topology.change(t, slotmap.SetHealth(nodeOther, true))
	got := d.server.clusterView().infoText()
	for _, line := range []string{"cluster_state:fail", "cluster_slots_assigned:16384", "cluster_slots_ok:8192", "cluster_slots_fail:8192",
		"cluster_known_nodes:3", "cluster_size:2", "cluster_groups_without_witness:1"} {
		if !strings.Contains(got, line+"\r\n") {
			t.Errorf("%s is missing in %s", line, got)
		}
	}
	d.topology.change(t, slotmap.SetWitness(groupSelf, nodeOther))
	if got := d.server.clusterView().infoText(); !strings.Contains(got, "cluster_groups_without_witness:0\r\n") {
		t.Errorf("a group with a witness counts as without: %s", got)
	}
}

// A node that knows of nobody who serves its own shard's slots does not call the cluster ok, whatever the map says.
func TestClusterStateWithoutLeader(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	state := func(want string) {
		t.Helper()
		if got := d.server.clusterView().infoText(); !strings.HasPrefix(got, "cluster_state:"+want+"\r\n") {
			t.Errorf("want %s, got %s", want, got)
		}
	}
	state("ok")
	d.shard.setLeader("")
	state("fail")
	d.shard.setLeader(nodePartner)
	state("ok")
}

func TestClusterSlotsAndEndpoints(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.topology.change(t, slotmap.SetAddress(slotmap.Node{ID: nodeOther, Host: "10.0.0.3", Port: 7003, BusPort: 17003, Hostname: "three"}))
	const ip1, ip2, ip3 = "$2|ip|$8|10.0.0.1|", "$2|ip|$8|10.0.0.2|", "$2|ip|$8|10.0.0.3|"
	for _, c := range []struct {
		endpoints           string
		one, two, three     string
		meta1, meta2, meta3 string
	}{
		{"ip", "$8|10.0.0.1", "$8|10.0.0.2", "$8|10.0.0.3", "*0|", "*0|", "*2|$8|hostname|$5|three|"},
		{"hostname", "$1|?", "$1|?", "$5|three", "*2|" + ip1, "*2|" + ip2, "*2|" + ip3},
		{"unknown-endpoint", "$-1", "$-1", "$-1", "*2|" + ip1, "*2|" + ip2, "*4|" + ip3 + "$8|hostname|$5|three|"},
	} {
		d.want("CONFIG SET cluster-preferred-endpoint-type "+c.endpoints, "+OK|")
		d.want("CLUSTER SLOTS", "*2|"+
			"*4|:0|:8191|*4|"+c.one+"|:7001|$40|"+string(nodeSelf)+"|"+c.meta1+"*4|"+c.two+"|:7002|$40|"+string(nodePartner)+"|"+c.meta2+
			"*3|:8192|:16383|*4|"+c.three+"|:7003|$40|"+string(nodeOther)+"|"+c.meta3)
	}
	d.topology.change(t, slotmap.SetHealth(nodePartner, true), slotmap.SetHealth(nodeOther, true))
	d.want("CONFIG SET cluster-preferred-endpoint-type ip", "+OK|")
	d.proto = 3
	d.want("CLUSTER SLOTS", "*2|*3|:0|:8191|*4|$8|10.0.0.1|:7001|$40|"+string(nodeSelf)+"|%0|"+
		"*3|:8192|:16383|*4|$8|10.0.0.3|:7003|$40|"+string(nodeOther)+"|%1|$8|hostname|$5|three|")
}

func TestClusterReplicas(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	if got := d.ask("CLUSTER", "REPLICAS", string(nodeSelf)); !strings.HasPrefix(got, "*1|$") || !strings.Contains(got, string(nodePartner)+" 10.0.0.2:7002@17002 slave "+string(nodeSelf)) {
		t.Errorf("CLUSTER REPLICAS: %q", got)
	}
	d.want("CLUSTER SLAVES "+string(nodeOther), "*0|")
	d.want("CLUSTER REPLICAS "+string(nodePartner), "-"+errNotMaster+"|")
	d.want("CLUSTER REPLICAS nobody", "-ERR Unknown node nobody|")
	d.want("CLUSTER COUNT-FAILURE-REPORTS "+string(nodeOther), ":0|")
	d.topology.change(t, slotmap.SetHealth(nodeOther, true))
	d.want("CLUSTER COUNT-FAILURE-REPORTS "+string(nodeOther), ":1|")
}

func TestClusterKeys(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inspect.keys = map[uint16][]string{5: {"a", "b", "c"}}
	d.want("CLUSTER KEYSLOT a{hash_tag}", ":2515|")
	d.want("CLUSTER COUNTKEYSINSLOT 5", ":3|")
	d.want("CLUSTER GETKEYSINSLOT 5 2", "*2|$1|a|$1|b|")
	d.want("CLUSTER GETKEYSINSLOT 6 2", "*0|")
}

// TestClusterCallsTheNode checks what reaches the node of commands that are right.
func TestClusterCallsTheNode(t *testing.T) {
	t.Parallel()
	const stranger = "4444444444444444444444444444444444444444"
	for _, c := range []struct {
		line, reply string
		call        string
	}{
		{"CLUSTER MEET 127.0.0.1 7001", "+OK|", "meet 127.0.0.1 7001 17001"},
		{"CLUSTER MEET ::1 7001 9000", "+OK|", "meet ::1 7001 9000"},
		{"CLUSTER FORGET " + string(nodeOther), "+OK|", "forget " + string(nodeOther)},
		{"CLUSTER FORGET " + stranger, "+OK|", "forget " + stranger},
		{"CLUSTER RESET", "+OK|", "reset false"},
		{"CLUSTER RESET hard", "+OK|", "reset true"},
		{"CLUSTER DELSLOTS 7 5 6", "+OK|", "del [5-7]"},
		{"CLUSTER DELSLOTSRANGE 1 2 4 5 3 3", "+OK|", "del [1-5]"},
		{"CLUSTER FLUSHSLOTS", "+OK|", "flush"},
		{"CLUSTER BUMPEPOCH", "+STILL 7|", "bump"},
		{"CLUSTER SAVECONFIG", "+OK|", "saveconfig"},
	} {
		d := newDesk(t)
		d.populate()
		d.want(c.line, c.reply)
		if got := d.called(); !slices.Equal(got, []string{c.call}) {
			t.Errorf("%s: calls %q, want %q", c.line, got, c.call)
		}
	}
}

// TestClusterCallsTheLoneNode is the same for a node that knows no other.
func TestClusterCallsTheLoneNode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want("CLUSTER ADDSLOTS 1 3 2", "+OK|")
	d.want("CLUSTER ADDSLOTSRANGE 0 16383", "+OK|")
	d.want("CLUSTER SET-CONFIG-EPOCH 3", "+OK|")
	d.admin.bumped = true
	d.want("CLUSTER BUMPEPOCH", "+BUMPED 7|")
	if got := d.called(); !slices.Equal(got, []string{"add [1-3]", "add [0-16383]", "epoch 3", "bump"}) {
		t.Errorf("calls %q", got)
	}
}

func TestClusterFailoverAndReplicate(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.shard.setLeader(nodePartner)
	d.want("CLUSTER FAILOVER", "+OK|")
	d.want("CLUSTER FAILOVER force", "+OK|")
	d.want("CLUSTER REPLICATE "+string(nodeOther), "+OK|")
	d.topology.change(t, slotmap.SetHealth(nodePartner, true))
	d.want("CLUSTER FAILOVER", "-"+errFailoverDown+"|")
	d.want("CLUSTER FAILOVER TAKEOVER", "+OK|")
	want := []string{"failover 0", "failover 1", "replicate " + string(nodeOther), "failover 2"}
	if got := d.called(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
}

// TestClusterAnswersTheNodesErrors: what the map refuses only when the change meets it.
func TestClusterAnswersTheNodesErrors(t *testing.T) {
	t.Parallel()
	const stranger = "4444444444444444444444444444444444444444"
	for _, c := range []struct {
		err         error
		line, reply string
	}{
		{slotmap.ErrNoNode, "CLUSTER FORGET " + stranger, "ERR Unknown node " + stranger},
		{slotmap.ErrLastHolder, "CLUSTER FORGET " + string(nodeOther), errForgetLast},
		{&slotmap.SlotBusyError{Slot: 9}, "CLUSTER FLUSHSLOTS", "ERR Slot 9 is already busy"},
		{errors.New("CLUSTERDOWN The metadata group has no majority"), "CLUSTER SAVECONFIG", "CLUSTERDOWN The metadata group has no majority"},
		{errors.New("boom"), "CLUSTER BUMPEPOCH", "ERR boom"},
	} {
		d := newDesk(t)
		d.populate()
		d.admin.err = c.err
		d.want(c.line, "-"+c.reply+"|")
	}
}

func TestClusterReset(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.inspect.keys = map[uint16][]string{1: {"k"}}
	d.want("CLUSTER RESET", "-"+errResetKeys+"|")
	d.shard.setLeader(nodePartner)
	d.want("CLUSTER RESET", "+OK|")
}

func TestClusterSetSlot(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.want("CLUSTER SETSLOT 5 STABLE", "+OK|")
	d.want("CLUSTER SETSLOT 5 NODE "+string(nodeOther), "-"+errSetslotMissing+"|")
	d.want("CLUSTER SETSLOT 5 MIGRATING "+string(nodeOther), "-"+errSetslotMissing+"|")
	d.want("CLUSTER SETSLOT 9000 IMPORTING "+string(nodeOther), "-"+errSetslotMissing+"|")
}

func TestClusterGroups(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inspect.groups = []GroupStatus{{Kind: GroupData, ID: groupSelf, State: "Leader", Leader: nodeSelf, Term: 3, LastIndex: 10, CommitIndex: 9, AppliedIndex: 8,
		SnapshotIndex: 4, LeaseValid: true, Pending: "a vote", Members: []MemberStatus{{Node: nodeSelf, Voter: true, Matched: 10}, {Node: nodeOther, Voter: true, Witness: true, Matched: 7, LastContact: -1}}}}
	d.want("CLUSTER GROUPS", "*1|*24|$4|kind|$4|data|$2|id|$40|"+string(groupSelf)+"|$5|state|$6|leader|$6|leader|$40|"+string(nodeSelf)+
		"|$4|term|:3|$10|last-index|:10|$12|commit-index|:9|$13|applied-index|:8|$14|snapshot-index|:4|$5|lease|$3|yes|$7|pending|$6|a vote|$7|members|*2|"+
		"*12|$4|node|$40|"+string(nodeSelf)+"|$4|role|$5|voter|$4|vote|$3|yes|$13|matched-index|:10|$3|lag|:0|$12|last-contact|:0|"+
		"*12|$4|node|$40|"+string(nodeOther)+"|$4|role|$7|witness|$4|vote|$3|yes|$13|matched-index|:7|$3|lag|:3|$12|last-contact|:-1|")
}

func TestClusterLinks(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.proto = 3
	d.inspect.links = []LinkInfo{{Outgoing: true, Node: nodeOther, Created: time.UnixMilli(77), SendBufferBytes: 5}}
	d.want("CLUSTER LINKS", "*1|%6|$9|direction|$2|to|$4|node|$40|"+string(nodeOther)+"|$11|create-time|:77|$6|events|$1|r|$21|send-buffer-allocated|:5|$16|send-buffer-used|:5|")
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	at := func(node string, index, digest uint64) VerifyResult {
		return VerifyResult{Group: groupSelf, Node: slotmap.NodeID(node), Index: index, Digest: digest}
	}
	for _, c := range []struct {
		name    string
		results []VerifyResult
		want    string
	}{
		{"none", nil, verdictSame},
		{"alike", []VerifyResult{at("a", 5, 1), at("b", 5, 1)}, verdictSame},
		{"different", []VerifyResult{at("a", 5, 1), at("b", 5, 2)}, verdictDifferent},
		{"one does not answer", []VerifyResult{at("a", 5, 1), {Group: groupSelf, Err: "down"}}, verdictIncomplete},
		{"a difference counts more than silence", []VerifyResult{{Group: groupSelf, Err: "down"}, at("a", 5, 1), at("b", 5, 2)}, verdictDifferent},
		{"not at the same entry", []VerifyResult{at("a", 5, 1), at("b", 6, 2)}, verdictIncomplete},
		{"other groups differ rightly", []VerifyResult{at("a", 5, 1), {Group: groupOther, Index: 5, Digest: 2}}, verdictSame},
	} {
		if got := verdict(c.results); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	d := newDesk(t)
	d.inspect.verify = []VerifyResult{at("a", 5, 255)}
	d.want("CLUSTER VERIFY", "*4|$7|verdict|$4|same|$7|members|*1|*10|$5|group|$40|"+string(groupSelf)+"|$4|node|$1|a|$5|index|:5|$6|digest|$16|00000000000000ff|$5|error|$0||")
}
