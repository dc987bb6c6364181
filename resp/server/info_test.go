package server

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// infoFields asks for INFO and returns its fields and section titles.
func (d *desk) infoFields(args ...string) (fields map[string]string, titles []string) {
	d.t.Helper()
	_, text, _ := strings.Cut(d.ask(append([]string{"INFO"}, args...)...), "|")
	fields = map[string]string{}
	for _, line := range strings.Split(strings.TrimRight(text, "|"), "|") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			titles = append(titles, title)
		} else if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = value
		}
	}
	return fields, titles
}

func TestInfoSections(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	usual := []string{"Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats", "Cluster", "Keyspace", "Raft"}
	all := []string{"Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Commandstats", "Errorstats", "Latencystats", "Cluster", "Keyspace", "Raft"}
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", usual}, {"default", usual}, {"all", all}, {"EVERYTHING", all}, {"keyspace cluster nosuch", []string{"Cluster", "Keyspace"}},
		{"CommandStats", []string{"Commandstats"}}, {"default latencystats", append(slices.Clone(usual[:9]), "Latencystats", "Cluster", "Keyspace", "Raft")}, {"raft", []string{"Raft"}},
	} {
		if _, got := d.infoFields(strings.Fields(c.args)...); !slices.Equal(got, c.want) {
			t.Errorf("INFO %s: sections %q, want %q", c.args, got, c.want)
		}
	}
	d.want("INFO cluster keyspace", "$44|# Cluster|cluster_enabled:1||# Keyspace||")
	d.want("INFO nosuch", "$0||")
	d.proto = 3
	d.want("INFO cluster", "=34|txt:# Cluster|cluster_enabled:1||")
}

// TestInfoHasWhatToolsRead names the fields that redis-cli, exporters and client libraries read.
func TestInfoHasWhatToolsRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "--maxmemory", "1gb", "--port", "7000")
	d.inspect.keys = map[uint16][]string{1: {"a", "b"}}
	d.inspect.persistence = PersistenceStatus{LastSave: time.Unix(99, 0), LastSaveOK: true, LastSaveTook: 3 * time.Second, ChangesSince: 5, LogBytes: 7}
	fields, _ := d.infoFields("everything")
	for name, want := range map[string]string{
		"redis_version": "7.0.15", "redis_mode": "cluster", "tcp_port": "7000", "role": "master", "connected_slaves": "0", "cluster_enabled": "1",
		"db0": "keys=2,expires=0,avg_ttl=0", "maxmemory": "1073741824", "maxmemory_human": "1.00G", "maxmemory_policy": "noeviction", "loading": "0",
		"rdb_last_save_time": "99", "rdb_last_bgsave_status": "ok", "rdb_last_bgsave_time_sec": "3", "rdb_changes_since_last_save": "5", "aof_enabled": "0",
		"raft_log_bytes": "7", "raft_read_consistency": "lease", "hz": "10", "master_failover_state": "no-failover", "second_repl_offset": "-1",
	} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	for _, name := range []string{
		"run_id", "process_id", "uptime_in_seconds", "connected_clients", "blocked_clients", "maxclients", "used_memory", "used_memory_rss", "used_memory_peak",
		"mem_fragmentation_ratio", "total_system_memory", "total_connections_received", "total_commands_processed", "instantaneous_ops_per_sec",
		"total_net_input_bytes", "total_net_output_bytes", "rejected_connections", "expired_keys", "evicted_keys", "keyspace_hits", "keyspace_misses",
		"pubsub_channels", "master_replid", "master_repl_offset", "used_cpu_sys", "used_cpu_user", "lru_clock", "executable", "config_file", "redoubt_version",
	} {
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(fields["run_id"]) != 40 {
		t.Errorf("run_id is %q", fields["run_id"])
	}
	again, _ := d.infoFields("server")
	if again["run_id"] != fields["run_id"] {
		t.Error("run_id changes")
	}
}

func TestInfoOfAFailedDisk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inspect.persistence = PersistenceStatus{LastSave: time.Unix(99, 0), LogSyncFailed: true, Saving: true}
	fields, _ := d.infoFields("persistence")
	for name, want := range map[string]string{"rdb_last_bgsave_status": "err", "aof_last_write_status": "err", "rdb_bgsave_in_progress": "1"} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
}

func TestInfoReplication(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.inspect.replication = ReplicationStatus{Offset: 50, ReplID: strings.Repeat("f", 40), LastIO: 2 * time.Second,
		Replicas: []ReplicaStatus{{Node: nodePartner, Offset: 49, Lag: time.Second, Online: true}, {Node: nodeSelf}, {Node: "gone"}}}
	fields, _ := d.infoFields("replication")
	for name, want := range map[string]string{"role": "master", "connected_slaves": "1", "slave0": "ip=10.0.0.2,port=7002,state=online,offset=49,lag=1",
		"master_repl_offset": "50", "master_replid": strings.Repeat("f", 40)} {
		if fields[name] != want {
			t.Errorf("master: %s is %q, want %q", name, fields[name], want)
		}
	}
	d.shard.setLeader(nodePartner)
	fields, _ = d.infoFields("replication")
	for name, want := range map[string]string{"role": "slave", "connected_slaves": "0", "master_host": "10.0.0.2", "master_port": "7002", "master_link_status": "down",
		"master_link_down_since_seconds": "2", "slave_repl_offset": "50", "slave_read_only": "1"} {
		if fields[name] != want {
			t.Errorf("replica: %s is %q, want %q", name, fields[name], want)
		}
	}
}

func TestInfoRaft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.inspect.groups = []GroupStatus{
		{Kind: GroupMeta, State: "follower"},
		{Kind: GroupData, ID: groupSelf, State: "leader", Leader: nodeSelf, Term: 4, CommitIndex: 9, LeaseValid: true, Pending: "a vote", Compared: 8, Mismatches: 2,
			Members: []MemberStatus{{Node: nodeSelf, Voter: true}, {Node: nodeOther, Voter: true, Witness: true}, {Node: nodePartner}}},
		{Kind: GroupWitness, ID: groupOther},
	}
	fields, _ := d.infoFields("raft")
	for name, want := range map[string]string{"raft_state": "leader", "raft_term": "4", "raft_commit_index": "9", "raft_lease_valid": "1", "raft_voters": string(nodeSelf),
		"raft_witness": string(nodeOther), "raft_learners": string(nodePartner), "raft_witness_for_groups": "1", "raft_meta_leader": string(nodeSelf),
		"raft_pending": "a vote", "raft_digest_index": "8", "raft_digest_mismatches": "2"} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	if got := d.server.mismatchText(); got != "cluster_digest_mismatches:2\r\n" {
		t.Errorf("CLUSTER INFO says %q", got)
	}
}

func TestInfoRatesAndReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.server.stats.Commands.Add(500)
		time.Sleep(5 * time.Second)
		check := func(when string, want map[string]string) {
			t.Helper()
			fields, _ := d.infoFields("stats")
			for name, value := range want {
				if fields[name] != value {
					t.Errorf("%s: %s is %q, want %q", when, name, fields[name], value)
				}
			}
		}
		check("after five seconds", map[string]string{"total_commands_processed": "500", "instantaneous_ops_per_sec": "100"})
		time.Sleep(100 * time.Millisecond)
		check("at once again", map[string]string{"instantaneous_ops_per_sec": "100"})
		d.want("CONFIG RESETSTAT", "+OK|")
		d.server.stats.Commands.Add(20)
		time.Sleep(1900 * time.Millisecond)
		check("after RESETSTAT", map[string]string{"total_commands_processed": "20", "instantaneous_ops_per_sec": "10"})
	})
}

func TestErrorAndCommandStats(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	get := d.server.table.Lookup([]byte("get"))
	var c counted
	d.server.monitor.called(&c, get, 3*time.Microsecond, false)
	d.server.monitor.called(&c, get, 2*time.Microsecond, true)
	d.server.monitor.failed("MOVED 1 a:1")
	d.server.monitor.failed("MOVED 2 b:1")
	for i := range 2 * maxErrorCodes {
		d.server.monitor.failed(fmt.Sprintf("CODE%d x", i))
	}
	fields, _ := d.infoFields("errorstats", "commandstats", "stats")
	for name, want := range map[string]string{"cmdstat_get": "calls=2,usec=5,usec_per_call=2.50,rejected_calls=0,failed_calls=1", "errorstat_MOVED": "count=2",
		"errorstat_OTHER": fmt.Sprintf("count=%d", maxErrorCodes+1), "total_error_replies": fmt.Sprint(2 + 2*maxErrorCodes)} {
		if fields[name] != want {
			t.Errorf("%s is %q, want %q", name, fields[name], want)
		}
	}
	d.want("CONFIG RESETSTAT", "+OK|")
	if fields, _ := d.infoFields("errorstats", "commandstats"); len(fields) > 0 {
		t.Errorf("after RESETSTAT: %v", fields)
	}
	d.server.monitor.called(&c, get, 0, false)
	if fields, _ := d.infoFields("commandstats"); !strings.HasPrefix(fields["cmdstat_get"], "calls=1,") {
		t.Errorf("a call after RESETSTAT: %v", fields)
	}
}

func TestHumanBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{0: "0B", 1023: "1023B", 1024: "1.00K", 2334592: "2.23M", 25276514304: "23.54G", 1 << 40: "1.00T", 1 << 63: "8192.00P"} {
		if got := humanBytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
