package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

func parse(t *testing.T, args ...string) *config.Config {
	t.Helper()
	c, _, err := config.Parse(args, os.ReadFile)
	if err != nil {
		t.Fatalf("Parse(%q): %v", args, err)
	}
	return c
}

func TestSettings(t *testing.T) {
	t.Parallel()
	c := parse(t, "--port", "7000", "--bind", "127.0.0.1", "-::1", "--save", "60", "5", "--timeout", "3",
		"--client-output-buffer-limit", "pubsub", "1mb", "1k", "9", "--cluster-node-timeout", "2500", "--unixsocketperm", "700",
		"--cluster-announce-ip", "10.0.0.1", "--cluster-announce-port", "1", "--cluster-announce-bus-port", "2",
		"--slowlog-log-slower-than", "-1", "--enable-debug-command", "local", "--maxmemory-clients", "7%", "--dir", "/tmp/../tmp/x",
		"--busy-reply-threshold", "9223372036854775807", "--latency-monitor-threshold", "9223372036854775807")
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"port", c.Network.Port, 7000},
		{"bind", c.Network.Bind, []string{"127.0.0.1", "-::1"}},
		{"bus port", c.Cluster.BusPort, 17000},
		{"save points", c.Storage.SavePoints, []config.SavePoint{{After: time.Minute, Changes: 5}}},
		{"timeout", c.Network.IdleTimeout, 3 * time.Second},
		{"socket mode", c.Network.UnixSocketPerm, os.FileMode(0o700)},
		{"output limits", c.Clients.Output[2], config.OutputLimit{Hard: 1 << 20, Soft: 1000, SoftTimeout: 9 * time.Second}},
		{"output limits, untouched", c.Clients.Output[1], config.OutputLimit{Hard: 256 << 20, Soft: 64 << 20, SoftTimeout: time.Minute}},
		{"node timeout", c.Cluster.NodeTimeout, 2500 * time.Millisecond},
		{"announce", c.Cluster.Announce, config.Announce{Host: "10.0.0.1", Port: 1, BusPort: 2}},
		{"slowlog off", c.Process.SlowerThan, -time.Microsecond},
		{"debug command", c.Security.DebugCommand, config.Permission("local")},
		{"clients' memory", c.Memory.ClientsPerc, 7},
		{"directory", c.Storage.Dir, "/tmp/x"},
		{"a span too long", c.Process.LatencyThreshold, time.Duration(1<<63 - 1)},
		{"default fsync", c.Storage.AppendFsync, "always"},
		{"default consistency", c.Raft.ReadConsistency, "lease"},
	} {
		if !reflect.DeepEqual(f.got, f.want) {
			t.Errorf("%s: %v, want %v", f.name, f.got, f.want)
		}
	}
}

func TestBusPort(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--port", "7000", "--cluster-port", "99"}, 99},
		{[]string{"--port", "7000", "--tls-port", "7001"}, 17000},
		{[]string{"--port", "7000", "--tls-port", "7001", "--tls-cluster", "yes"}, 17001},
		{[]string{"--port", "0", "--tls-port", "7001"}, 17001},
	} {
		if got := parse(t, c.args...).Cluster.BusPort; got != c.want {
			t.Errorf("%q: %d, want %d", c.args, got, c.want)
		}
	}
}

func TestPermission(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p     config.Permission
		local bool
		want  bool
	}{{"yes", false, true}, {"no", true, false}, {"local", true, true}, {"local", false, false}} {
		if got := c.p.Allows(c.local); got != c.want {
			t.Errorf("%q, local %v: %v", c.p, c.local, got)
		}
	}
}

func TestFileIncludeAndStdin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("a.inc", "hz 11\nmaxmemory-samples 3")
	write("b.inc", "hz 12")
	main := write("main.conf", "port 7001 \n# comment\n\ninclude "+filepath.Join(dir, "*.inc")+"\n\tsave 1 1\r\ninclude "+filepath.Join(dir, "none*")+"\n")
	read := func(name string) ([]byte, error) {
		if name == config.Stdin {
			return []byte("maxclients 5\nuser bob on\n"), nil
		}
		return os.ReadFile(name)
	}
	c, _, err := config.Parse([]string{main, "--save", "2 2", "-"}, read)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"port": "7001", "hz": "12", "maxmemory-samples": "3", "save": "1 1 2 2", "maxclients": "5"} {
		if got, _ := c.Value(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if c.File != main {
		t.Errorf("File is %q", c.File)
	}
	if len(c.Extras) != 1 || !slices.Equal(c.Extras[0].Words, []string{"user", "bob", "on"}) {
		t.Errorf("Extras are %v", c.Extras)
	}
}

func TestFatalErrors(t *testing.T) {
	t.Parallel()
	const head = "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\n"
	dir := t.TempDir()
	loop := filepath.Join(dir, "loop.conf")
	bad := filepath.Join(dir, "bad.conf")
	for path, content := range map[string]string{loop: "include " + loop, bad: "port 1\n\nfoo  bar\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--foo", "bar"}, head + "Reading the configuration file, at line 2\n>>> 'foo \"bar\"'\nBad directive or wrong number of arguments"},
		{[]string{bad}, head + "Reading the configuration file, at line 3\n>>> 'foo  bar'\nBad directive or wrong number of arguments"},
		{[]string{"--include", bad}, head + "Reading the configuration file, at line 3\n>>> 'foo  bar'\nBad directive or wrong number of arguments"},
		{[]string{loop}, head + "Reading the configuration file, at line 1\n>>> 'include " + loop + "'\nToo many nested include directives"},
		{[]string{"--replicaof", "h", "1"}, head + "replicaof directive not allowed in cluster mode"},
		{[]string{"--loadmodule", "x.so"}, head + "Reading the configuration file, at line 2\n>>> 'loadmodule \"x.so\"'\nModules can't be loaded: this server has no module interface"},
		{[]string{"/no/such"}, "Fatal error, can't open config file '/no/such': No such file or directory"},
		{[]string{"--include", "/no/such"}, "Fatal error, can't open config file '/no/such': No such file or directory"},
	} {
		_, _, err := config.Parse(c.args, os.ReadFile)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.args, err, c.want)
		}
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	_, notices, err := config.Parse([]string{"--appendonly", "yes", "--appendfilename", "x", "--appendfsync", "everysec", "--save", "",
		"--repl-diskless-sync", "yes", "--cluster-enabled", "yes", "--maxmemory", "1gb", "--slave-read-only", "yes"}, readNothing)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range notices {
		words := strings.Fields(n.Text)
		got = append(got, strings.Join(n.Names, ",")+" "+words[0])
	}
	want := []string{"maxmemory is", "appendfsync is", "appendonly,appendfilename has", "repl-diskless-sync has"}
	if !slices.Equal(got, want) {
		t.Errorf("notices %q, want %q", got, want)
	}
}

func TestNote(t *testing.T) {
	t.Parallel()
	c := parse(t, "--appendfsync", "always", "--appendonly", "yes")
	if c.Note("appendfsync") != "" || c.Note("nosuch") != "" || c.Note("timeout") != "" {
		t.Error("a note where there is nothing to say")
	}
	if c.Note("AppendOnly") == "" {
		t.Error("no note on appendonly")
	}
}

func TestSetIsAtomicAndLeavesTheOldAlone(t *testing.T) {
	t.Parallel()
	c := config.Default()
	if _, err := c.Set([][2]string{{"maxmemory", "5"}, {"hz", "x"}}, config.SetOptions{}); err == nil {
		t.Error("a bad pair was accepted")
	}
	next, err := c.Set([][2]string{{"maxmemory", "5"}, {"hz", "7"}}, config.SetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Memory.Max != 0 || next.Memory.Max != 5 {
		t.Errorf("maxmemory was %d, is %d", c.Memory.Max, next.Memory.Max)
	}
}

func TestProtectedDirectives(t *testing.T) {
	t.Parallel()
	set := [][2]string{{"dbfilename", "x"}}
	for _, c := range []struct {
		enable string
		local  bool
		ok     bool
	}{{"no", true, false}, {"yes", false, true}, {"local", true, true}, {"local", false, false}} {
		_, err := parse(t, "--enable-protected-configs", c.enable).Set(set, config.SetOptions{Local: c.local})
		if (err == nil) != c.ok {
			t.Errorf("%s, local %v: %v", c.enable, c.local, err)
		}
	}
}

func TestRewrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		name, old string
		set       [][2]string
		want      string
	}{
		{"nothing changed", "# a\nport 1\n\nhz 10\n", nil, "# a\nport 1\n\nhz 10\n"},
		{"in place", "port 1\nmaxmemory 100mb\n# b\n  slave-read-only   yes\n", [][2]string{{"maxmemory", "2048"}},
			"port 1\nmaxmemory 2kb\n# b\nreplica-read-only yes\n"},
		{"appended", "port 1\n", [][2]string{{"masterauth", "a \"b"}, {"notify-keyspace-events", "KEA"}},
			"port 1\n\n# Generated by CONFIG REWRITE\nnotify-keyspace-events \"AKE\"\nmasterauth \"a \\\"b\"\n"},
		{"appended again", "port 1\n\n# Generated by CONFIG REWRITE\nhz 11\n", [][2]string{{"timeout", "5"}},
			"port 1\n\n# Generated by CONFIG REWRITE\nhz 11\ntimeout 5\n"},
		{"save becomes fewer", "save 900 1\nsave 300 10\nport 1\n", [][2]string{{"save", "60 5"}}, "save 60 5\n\nport 1\n"},
		{"save becomes more", "save 900 1 300 10\n", [][2]string{{"save", "1 1 2 2 3 3"}},
			"save 1 1\n\n# Generated by CONFIG REWRITE\nsave 2 2\nsave 3 3\n"},
		{"save default, on one line", "save 3600 1 300 100 60 10000\n", nil,
			"save 3600 1\n\n# Generated by CONFIG REWRITE\nsave 300 100\nsave 60 10000\n"},
		{"save off", "save 900 1\n", [][2]string{{"save", ""}}, "save \"\"\n"},
		{"repeated lines", "hz 1\nhz 2\n\n\nport 1\n", nil, "hz 2\n\nport 1\n"},
		{"classes", "client-output-buffer-limit replica 1mb 2mb 60\n", [][2]string{{"client-output-buffer-limit", "pubsub 1 2 3"}},
			"client-output-buffer-limit normal 0 0 0\n\n# Generated by CONFIG REWRITE\nclient-output-buffer-limit replica 1mb 2mb 60\nclient-output-buffer-limit pubsub 1 2 3\n"},
		{"other lines", "user bob on\nrename-command a b\n", nil, "user bob on\nrename-command a b\n"},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(c.name, " ", "-"))
		if err := os.WriteFile(path, []byte(c.old), 0o600); err != nil {
			t.Fatal(err)
		}
		loaded := parse(t, path, "--dir", dir)
		next, err := loaded.Set(c.set, config.SetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Replace(string(next.Rewrite([]byte(c.old))), "dir \""+dir+"\"\n", "", 1)
		got = strings.TrimSuffix(got, "\n# Generated by CONFIG REWRITE\n") // nothing but dir was added
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestRewriteKeepsWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	got := string(parse(t, "--dir", "/").Rewrite([]byte("bogus x\nunbal \"x\ninclude /dev/null\n")))
	want := "# ??? bogus x\n# ??? unbal \"x\ninclude /dev/null\n\n# Generated by CONFIG REWRITE\ndir \"/\"\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestLive(t *testing.T) {
	t.Parallel()
	l := config.NewLive(config.Default())
	var seen []string
	l.Subscribe(func(before, now *config.Config) {
		a, _ := before.Value("hz")
		b, _ := now.Value("hz")
		seen = append(seen, a+">"+b)
	})
	set := func(value string, approve func(before, next *config.Config) error) error {
		return l.Set([][2]string{{"hz", value}}, config.SetOptions{}, approve)
	}
	no := errors.New("no")
	if err := set("20", func(_, next *config.Config) error { return no }); !errors.Is(err, no) {
		t.Errorf("refused change: %v", err)
	}
	if err := set("x", nil); err == nil {
		t.Error("a bad value was accepted")
	}
	for _, v := range []string{"30", "40"} {
		if err := set(v, nil); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"10>30", "30>40"}; !slices.Equal(seen, want) {
		t.Errorf("subscribers saw %q, want %q", seen, want)
	}
	if v, _ := l.Load().Value("hz"); v != "40" {
		t.Errorf("hz is %s", v)
	}
}

func TestDefaultRedisConfIsAccepted(t *testing.T) {
	t.Parallel()
	const path = "/etc/redis/redis.conf"
	if _, err := os.Stat(path); err != nil {
		t.Skip("no redis.conf is installed")
	}
	_, notices, err := config.Parse([]string{path}, os.ReadFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices {
		t.Log(n.Names, n.Text)
	}
}
