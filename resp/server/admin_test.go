package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/slotmap"
)

// fakeAdmin notes what it was asked for, and answers err.
type fakeAdmin struct {
	calls  []string
	err    error
	file   []byte
	bumped bool
}

var (
	_ Admin      = (*fakeAdmin)(nil)
	_ Announcer  = (*fakeAdmin)(nil)
	_ ConfigFile = (*fakeAdmin)(nil)
)

func (f *fakeAdmin) note(format string, a ...any) error {
	f.calls = append(f.calls, fmt.Sprintf(format, a...))
	return f.err
}

func (f *fakeAdmin) Meet(_ context.Context, host string, port, busPort int) error {
	return f.note("meet %s %d %d", host, port, busPort)
}
func (f *fakeAdmin) Forget(_ context.Context, id slotmap.NodeID) error {
	return f.note("forget %s", id)
}
func (f *fakeAdmin) Replicate(_ context.Context, id slotmap.NodeID) error {
	return f.note("replicate %s", id)
}
func (f *fakeAdmin) Failover(_ context.Context, mode FailoverMode) error {
	return f.note("failover %d", mode)
}
func (f *fakeAdmin) Reset(_ context.Context, hard bool) error { return f.note("reset %v", hard) }
func (f *fakeAdmin) AddSlots(_ context.Context, r []slotmap.Range) error {
	return f.note("add %v", r)
}
func (f *fakeAdmin) DelSlots(_ context.Context, r []slotmap.Range) error {
	return f.note("del %v", r)
}
func (f *fakeAdmin) FlushSlots(context.Context) error { return f.note("flush") }
func (f *fakeAdmin) BumpEpoch(context.Context) (uint64, bool, error) {
	return 7, f.bumped, f.note("bump")
}
func (f *fakeAdmin) SetConfigEpoch(_ context.Context, epoch uint64) error {
	return f.note("epoch %d", epoch)
}
func (f *fakeAdmin) SaveConfig(context.Context) error { return f.note("saveconfig") }
func (f *fakeAdmin) Shutdown(_ context.Context, o ShutdownOptions) error {
	return f.note("shutdown %+v", o)
}
func (f *fakeAdmin) Save(context.Context) error               { return f.note("save") }
func (f *fakeAdmin) BackgroundSave(context.Context) error     { return f.note("bgsave") }
func (f *fakeAdmin) Sleep(_ context.Context, d time.Duration) { _ = f.note("sleep %v", d) }
func (f *fakeAdmin) Announce(_ context.Context, a config.Announce) error {
	return f.note("announce %+v", a)
}
func (f *fakeAdmin) ReadConfigFile() ([]byte, error) { return f.file, f.err }
func (f *fakeAdmin) WriteConfigFile(b []byte) error {
	f.file = b
	return f.err
}

// fakeInspector answers what it is given.
type fakeInspector struct {
	groups      []GroupStatus
	verify      []VerifyResult
	links       []LinkInfo
	persistence PersistenceStatus
	replication ReplicationStatus
	keys        map[uint16][]string
	held        int
	waitErr     error
	waited      string
}

var (
	_ Inspector     = (*fakeInspector)(nil)
	_ DataInspector = (*fakeInspector)(nil)
)

func (f *fakeInspector) Groups() []GroupStatus                          { return f.groups }
func (f *fakeInspector) Verify(context.Context) ([]VerifyResult, error) { return f.verify, f.waitErr }
func (f *fakeInspector) Links() []LinkInfo                              { return f.links }
func (f *fakeInspector) Data() DataInspector                            { return f }
func (f *fakeInspector) Persistence() PersistenceStatus                 { return f.persistence }
func (f *fakeInspector) Replication() ReplicationStatus                 { return f.replication }
func (f *fakeInspector) CountKeysInSlot(slot uint16) int                { return len(f.keys[slot]) }
func (f *fakeInspector) Keys() (keys, expires int) {
	for _, k := range f.keys {
		keys += len(k)
	}
	return keys, 0
}
func (f *fakeInspector) KeysInSlot(slot uint16, n int) (out [][]byte) {
	for _, k := range f.keys[slot][:min(n, len(f.keys[slot]))] {
		out = append(out, []byte(k))
	}
	return out
}
func (f *fakeInspector) WaitReplicas(ctx context.Context, n int) (int, error) {
	_, limited := ctx.Deadline()
	f.waited = fmt.Sprintf("%d %v", n, limited)
	return f.held, f.waitErr
}

// desk is a server whose frontend commands are called directly, without a connection.
type desk struct {
	t        *testing.T
	server   *Server
	conn     *Conn
	topology *fakeTopology
	shard    *machineShard
	admin    *fakeAdmin
	inspect  *fakeInspector
	proto    int
}

// newDesk makes one. Its node is alone and has no slots.
func newDesk(t *testing.T, options ...string) *desk {
	t.Helper()
	cfg, _, err := config.Parse(options, func(string) ([]byte, error) { return nil, fs.ErrNotExist })
	if err != nil {
		t.Fatal(err)
	}
	specs := dataSpecs()
	d := &desk{t: t, topology: newFakeTopology(t), shard: newMachineShard(t, specs), admin: &fakeAdmin{}, inspect: &fakeInspector{}, proto: 2}
	d.server, err = New(Deps{
		Config: config.NewLive(cfg), Topology: d.topology, Shard: d.shard, Admin: d.admin, Inspect: d.inspect,
		Specs: specs, Compile: compileFake, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	d.conn = &Conn{srv: d.server, nc: far, ctx: t.Context()}
	return d
}

// ask runs one command and returns its reply, line ends written as "|".
func (d *desk) ask(args ...string) string {
	d.t.Helper()
	var words [][]byte
	for _, a := range args {
		words = append(words, []byte(a))
	}
	var w resp.Writer
	w.SetProto(d.proto)
	spec, text := d.server.table.Resolve(words)
	switch {
	case spec == nil:
		w.Error(text)
	case d.server.fronts[spec] == nil || d.server.fronts[spec].run == nil:
		w.Error("ERR wrong number of arguments for '" + spec.Name + "' command")
	default:
		d.server.fronts[spec].run(d.server, d.conn, words, &w)
	}
	return strings.ReplaceAll(string(w.Bytes()), "\r\n", "|")
}

// want runs a command, its words separated by blanks, and compares the reply.
func (d *desk) want(line, reply string) {
	d.t.Helper()
	if got := d.ask(strings.Split(line, " ")...); got != reply {
		d.t.Errorf("%s: %q, want %q", line, got, reply)
	}
}

// called takes what the admin was asked for since the last time.
func (d *desk) called() []string {
	calls := d.admin.calls
	d.admin.calls = nil
	return calls
}

// populate makes the map of three nodes: this one with a replica and slots 0-8191, another with the rest.
func (d *desk) populate() {
	d.t.Helper()
	partner := slotmap.Node{ID: nodePartner, Incarnation: "2", Host: "10.0.0.2", Port: 7002, BusPort: 17002}
	other := slotmap.Node{ID: nodeOther, Incarnation: "3", Host: "10.0.0.3", Port: 7003, BusPort: 17003}
	d.topology.change(d.t,
		slotmap.AddNode(partner, slotmap.Group{ID: "cccccccccccccccccccccccccccccccccccccccc", Leader: nodePartner}, nil, 0, 0),
		slotmap.MoveNode(nodePartner, groupSelf),
		slotmap.AddNode(other, slotmap.Group{ID: groupOther, Leader: nodeOther}, nil, 0, 0),
		slotmap.AssignSlots(groupSelf, []slotmap.Range{{Start: 0, End: 8191}}),
		slotmap.AssignSlots(groupOther, []slotmap.Range{{Start: 8192, End: slotmap.SlotCount - 1}}),
	)
}

func TestAdminErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{&slotmap.SlotBusyError{Slot: 5}, "ERR Slot 5 is already busy"},
		{fmt.Errorf("add slots: %w", slotmap.ErrorFromCode("slot-busy", (&slotmap.SlotBusyError{Slot: 5}).Error())), "ERR Slot 5 is already busy"},
		{fmt.Errorf("replicate: %w", slotmap.ErrNotEmpty), errReplicateFull},
		{slotmap.ErrLastHolder, errForgetLast},
		{slotmap.ErrEpochSet, errEpochSet},
		{context.DeadlineExceeded, errAdminTimeout},
		{errors.New("disk on fire"), "ERR disk on fire"},
		{errors.New("A sentence"), "ERR A sentence"},
		{errors.New("ERR Already a text"), "ERR Already a text"},
		{errors.New("CLUSTERDOWN no majority"), "CLUSTERDOWN no majority"},
	} {
		if got := adminErrorText(c.err); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

func TestRole(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want("ROLE", "*3|$6|master|:0|*0|")
	d.populate()
	d.inspect.replication = ReplicationStatus{Offset: 12, Replicas: []ReplicaStatus{{Node: nodePartner, Offset: 11}, {Node: "gone", Offset: 1}}}
	d.want("ROLE", "*3|$6|master|:12|*1|*3|$8|10.0.0.2|$4|7002|$2|11|")
	d.shard.setLeader(nodePartner)
	d.want("ROLE", "*5|$5|slave|$8|10.0.0.2|:7002|$7|connect|:12|")
	d.inspect.replication.LinkUp = true
	d.want("ROLE", "*5|$5|slave|$8|10.0.0.2|:7002|$9|connected|:12|")
	d.inspect.replication.Syncing = true
	d.want("ROLE", "*5|$5|slave|$8|10.0.0.2|:7002|$4|sync|:12|")
}

func TestWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.populate()
	d.inspect.held = 1
	for line, waited := range map[string]string{"WAIT 2 100": "2 true", "WAIT 1 0": "1 false", "WAIT -1 5": "0 true", "WAIT 3 9223372036854775807": "3 true"} {
		d.want(line, ":1|")
		if d.inspect.waited != waited {
			t.Errorf("%s waited for %q, want %q", line, d.inspect.waited, waited)
		}
	}
	d.inspect.waitErr = errors.New("no leader")
	d.want("WAIT 1 100", "-ERR no leader|")
	d.shard.setLeader(nodePartner)
	d.want("WAIT 1 100", "-"+errWaitReplica+"|")
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.admin.err = errors.New("ERR Errors trying to SHUTDOWN. Check logs.")
	d.want("SHUTDOWN", "-ERR Errors trying to SHUTDOWN. Check logs.|")
	if d.conn.closing {
		t.Error("connection closes though the shutdown failed")
	}
	d.admin.err = nil
	d.want("SHUTDOWN ABORT", "+OK|")
	d.called()
	d.want("SHUTDOWN NOSAVE NOW", "")
	if got := d.called(); !d.conn.closing || !slices.Equal(got, []string{"shutdown {NoSave:true Save:false Now:true Force:false Abort:false}"}) {
		t.Errorf("calls %q, closing %v", got, d.conn.closing)
	}
}

func TestSaveAndDebug(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want("SAVE", "+OK|")
	d.want("BGSAVE", "+Background saving started|")
	d.want("BGSAVE schedule", "+Background saving started|")
	d.want("BGREWRITEAOF", "+Background append only file rewriting started|")
	d.want("DEBUG SLEEP 0.25", "+OK|")
	d.want("DEBUG SLEEP -3", "+OK|")
	d.want("DEBUG SLEEP 1e300", "+OK|")
	d.want("DEBUG LOG hello", "+OK|")
	d.want("DEBUG ERROR WRONGTYPE", "-WRONGTYPE|")
	want := []string{"save", "bgsave", "bgsave", "bgsave", "sleep 250ms", "sleep 0s", "sleep 596523h14m7s"}
	if got := d.called(); !slices.Equal(got, want) {
		t.Errorf("calls %q, want %q", got, want)
	}
	d.admin.err = errors.New("ERR Background save already in progress")
	d.want("BGSAVE", "-ERR Background save already in progress|")
	d.want("LASTSAVE", fmt.Sprintf(":%d|", d.server.started.Unix()))
	d.inspect.persistence.LastSave = time.Unix(1234, 0)
	d.want("LASTSAVE", ":1234|")
}

func TestConfigSet(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want("CONFIG GET maxmemory hz", "*4|$2|hz|$2|10|$9|maxmemory|$1|0|")
	d.proto = 3
	d.want("CONFIG GET hz", "%1|$2|hz|$2|10|")
	d.want("CONFIG SET cluster-announce-ip 9.9.9.9 cluster-announce-port 5", "+OK|")
	d.want("CONFIG SET hz 20", "+OK|")
	if got := d.called(); !slices.Equal(got, []string{"announce {Host:9.9.9.9 Port:5 TLSPort:0 BusPort:0 Hostname:}"}) {
		t.Errorf("calls %q", got)
	}
	d.admin.err = errors.New("no majority")
	d.want("CONFIG SET hz 30 cluster-announce-port 6", "-ERR CONFIG SET failed (possibly related to argument 'cluster-announce-ip') - no majority|")
	if cfg := d.server.cfg.Load(); cfg.Cluster.Announce.Port != 5 {
		t.Errorf("announced port is %d though the cluster refused it", cfg.Cluster.Announce.Port)
	}
	d.want("CONFIG GET hz", "%1|$2|hz|$2|20|")
}

func TestConfigRewrite(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.want("CONFIG REWRITE", "-"+errNoConfigFile+"|")
	cfg, _, err := config.Parse([]string{"/redis.conf"}, func(string) ([]byte, error) { return []byte("hz 11\n"), nil })
	if err != nil {
		t.Fatal(err)
	}
	d.server.cfg = config.NewLive(cfg)
	d.admin.file = []byte("# mine\nhz 11\n")
	d.want("CONFIG SET hz 12", "+OK|")
	d.want("CONFIG REWRITE", "+OK|")
	if got := string(d.admin.file); !strings.HasPrefix(got, "# mine\nhz 12\n") {
		t.Errorf("file is %q", got)
	}
	d.admin.err = errors.New("read-only file system")
	d.want("CONFIG REWRITE", "-ERR Rewriting config file: read-only file system|")
}

func TestShutdownClosesTheConnection(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, f *fixture) {
		f.server.admin = &fakeAdmin{}
		c := f.dial()
		c.want("+PONG|<closed>", "PING", "SHUTDOWN NOSAVE", "PING")
	})
}
