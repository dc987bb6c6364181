package proc

import (
	"strconv"
	"testing"
)

// Addresses that clients are told but that lead nowhere: node 0 announces another client
// port; its bus is where it says.
const (
	announcedHost = "node0.example.com"
	announcedPort = 6399
)

// announced has everything said at the start.
func announced(t *testing.T, server string) {
	c := nodes(t, server, 2)
	c.nodes[0].args = append(c.nodes[0].args,
		"--cluster-announce-ip", "127.0.0.1", "--cluster-announce-port", strconv.Itoa(announcedPort),
		"--cluster-announce-bus-port", strconv.Itoa(c.Port(0)+busPortOffset), "--cluster-announce-hostname", announcedHost)
	c.nodes[1].args = append(c.nodes[1].args, "--cluster-preferred-endpoint-type", "hostname")
	startAll(t, c)
	meetInHalves(t, c)
	seesAnnounced(t, c, announcedHost)
	// The other node prefers addresses; so it is told in the other form.
	contains(t, "CLUSTER SLOTS of the node that announces", cli(t, c, at(c, 0, "CLUSTER", "SLOTS")), "127.0.0.1\n"+strconv.Itoa(announcedPort))
}

// announcedLater says it all by CONFIG SET on a cluster that runs.
func announcedLater(t *testing.T, server string) {
	c := nodes(t, server, 2)
	startAll(t, c)
	meetInHalves(t, c)
	contains(t, "MOVED before", cli(t, c, at(c, 1, "GET", "b")), "MOVED 3300 "+c.Addr(0))
	cli(t, c, at(c, 0, "CONFIG", "SET", "cluster-announce-port", strconv.Itoa(announcedPort), "cluster-announce-hostname", announcedHost,
		"cluster-announce-bus-port", strconv.Itoa(c.Port(0)+busPortOffset), "cluster-announce-ip", "127.0.0.1"), "OK")
	cli(t, c, at(c, 1, "CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname"), "OK")
	eventually(t, "the other node hears of it", func() bool {
		out, err := c.CLI(at(c, 1, "GET", "b")...)
		return err == nil && out == "MOVED 3300 "+announcedHost+":"+strconv.Itoa(announcedPort)
	})
	seesAnnounced(t, c, announcedHost)
	cli(t, c, at(c, 1, "CONFIG", "SET", "cluster-preferred-endpoint-type", "unknown-endpoint"), "OK")
	contains(t, "an unknown endpoint", cli(t, c, at(c, 1, "GET", "b")), "MOVED 3300 :"+strconv.Itoa(announcedPort))
	cli(t, c, at(c, 1, "CONFIG", "SET", "cluster-preferred-endpoint-type", "ip"), "OK")
	contains(t, "an address", cli(t, c, at(c, 1, "GET", "b")), "MOVED 3300 127.0.0.1:"+strconv.Itoa(announcedPort))
	cli(t, c, at(c, 0, "CONFIG", "SET", "cluster-announce-port", "0", "cluster-announce-hostname", "", "cluster-announce-bus-port", "0", "cluster-announce-ip", ""), "OK")
	eventually(t, "what was announced is taken back", func() bool {
		out, err := c.CLI(at(c, 1, "GET", "b")...)
		return err == nil && out == "MOVED 3300 "+c.Addr(0)
	})
}

// meetInHalves makes a cluster of two masters.
func meetInHalves(t *testing.T, c *Cluster) {
	t.Helper()
	cli(t, c, at(c, 0, "CLUSTER", "ADDSLOTSRANGE", "0", "8191"), "OK")
	cli(t, c, at(c, 1, "CLUSTER", "ADDSLOTSRANGE", "8192", "16383"), "OK")
	cli(t, c, at(c, 1, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Port(0))), "OK")
	eventually(t, "the two are a cluster", func() bool { return c.unsettled() == "" && known(c, 0) == "2" && known(c, 1) == "2" })
}

// seesAnnounced looks at node 0 through node 1.
func seesAnnounced(t *testing.T, c *Cluster, host string) {
	t.Helper()
	port := strconv.Itoa(announcedPort)
	bus := strconv.Itoa(c.Port(0) + busPortOffset)
	contains(t, "CLUSTER NODES", cli(t, c, at(c, 1, "CLUSTER", "NODES")), id(t, c, 0)+" 127.0.0.1:"+port+"@"+bus+","+host+" master")
	contains(t, "CLUSTER NODES of itself", cli(t, c, at(c, 0, "CLUSTER", "NODES")), id(t, c, 0)+" 127.0.0.1:"+port+"@"+bus+","+host+" myself,master")
	contains(t, "CLUSTER SLOTS", cli(t, c, at(c, 1, "CLUSTER", "SLOTS")), host+"\n"+port+"\n"+id(t, c, 0)+"\nip\n127.0.0.1")
	contains(t, "CLUSTER SHARDS", cli(t, c, at(c, 1, "CLUSTER", "SHARDS")), "port\n"+port, "endpoint\n"+host, "hostname\n"+host, "ip\n127.0.0.1")
	contains(t, "MOVED", cli(t, c, at(c, 1, "GET", "b")), "MOVED 3300 "+host+":"+port)
}
