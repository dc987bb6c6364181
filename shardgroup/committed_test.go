package shardgroup

import "testing"

func TestLetGoOnlyByACommittedConfiguration(t *testing.T) {
	var c committed
	if c.lets("b", servers([]string{"a"})) {
		t.Error("nothing is known to be committed, and b is let go")
	}
	c.ConfigurationCommitted(1, servers([]string{"a", "b"}))
	if c.lets("b", servers([]string{"a"})) {
		t.Error("b is let go while its removal is not committed")
	}
	c.ConfigurationCommitted(2, servers([]string{"a"}))
	if c.lets("b", servers([]string{"a"}, "b")) {
		t.Error("b is let go although it is about to come back")
	}
	if !c.lets("b", servers([]string{"a"})) {
		t.Error("b is not let go")
	}
}
