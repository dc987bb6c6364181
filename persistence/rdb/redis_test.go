package rdb_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/resp"

	"github.com/redoubtdb/redoubt/persistence/rdb"
)

// server is a redis-server of the machine's own, the judge of what we write and
// the maker of what we must read.
type server struct {
	t    *testing.T
	dir  string
	conn *resp.Conn
}

// startServer starts one on a file, nil for none. It skips the test where there
// is no redis-server.
func startServer(t *testing.T, file []byte, args ...string) *server {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on PATH")
	}
	s := &server{t: t, dir: t.TempDir()}
	if file != nil {
		s.writeFile(file)
	}
	socket := filepath.Join(s.dir, "s")
	cmd := exec.Command(path, append([]string{"--port", "0", "--unixsocket", socket, "--save", "",
		"--dir", s.dir, "--dbfilename", "dump.rdb", "--logfile", "log"}, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	s.connect(socket)
	return s
}

func (s *server) connect(socket string) {
	s.t.Helper()
	const patience = 20 * time.Second
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("unix", socket)
		if err != nil {
			continue
		}
		s.conn = resp.NewConn(c)
		if s.do("PING").String() == "PONG" {
			s.t.Cleanup(func() { c.Close() })
			return
		}
		c.Close()
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	s.t.Fatalf("redis-server did not start:\n%s", log)
}

func (s *server) writeFile(b []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "dump.rdb"), b, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) do(args ...string) resp.Value {
	s.t.Helper()
	values := make([]resp.Value, len(args))
	for i, a := range args {
		values[i] = resp.StringValue(a)
	}
	if err := s.conn.WriteArray(values); err != nil {
		s.t.Fatal(err)
	}
	v, _, err := s.conn.ReadValue()
	if err != nil {
		s.t.Fatal(err)
	}
	return v
}

// must is do that insists on success.
func (s *server) must(args ...string) resp.Value {
	s.t.Helper()
	v := s.do(args...)
	if v.Type() == resp.Error {
		s.t.Fatalf("%.200q: %s", args, v)
	}
	return v
}

// fill makes the keys by commands.
func (s *server) fill(keys map[string]modelKey) {
	s.t.Helper()
	for name, k := range keys {
		s.must(fillCommand(name, k)...)
		if k.expire != 0 {
			s.must("PEXPIREAT", name, fmt.Sprint(k.expire))
		}
	}
}

// fillCommand is the command that makes a key.
func fillCommand(name string, k modelKey) []string {
	verbs := map[rdb.Kind]string{rdb.String: "SET", rdb.List: "RPUSH", rdb.Set: "SADD", rdb.Hash: "HSET", rdb.ZSet: "ZADD"}
	command := []string{verbs[k.kind], name}
	for _, e := range k.elements {
		a, b, _ := strings.Cut(e, "=")
		switch k.kind {
		case rdb.Hash:
			command = append(command, a, b)
		case rdb.ZSet:
			command = append(command, b, a)
		default:
			command = append(command, e)
		}
	}
	return command
}

// keys reads everything back by commands.
func (s *server) keys() map[string]modelKey {
	s.t.Helper()
	all := map[string]modelKey{}
	for _, name := range s.must("KEYS", "*").Array() {
		k := s.key(name.String())
		if ms := s.must("PEXPIRETIME", name.String()).Integer(); ms > 0 {
			k.expire = int64(ms)
		}
		all[name.String()] = k.sorted()
	}
	return all
}

func (s *server) key(name string) modelKey {
	s.t.Helper()
	switch kind := s.must("TYPE", name).String(); kind {
	case "string":
		return modelKey{kind: rdb.String, elements: []string{s.must("GET", name).String()}}
	case "list":
		return modelKey{kind: rdb.List, elements: texts(s.must("LRANGE", name, "0", "-1"))}
	case "set":
		return modelKey{kind: rdb.Set, elements: texts(s.must("SMEMBERS", name))}
	case "hash":
		return modelKey{kind: rdb.Hash, elements: pairs(texts(s.must("HGETALL", name)))}
	case "zset":
		flat := texts(s.must("ZRANGE", name, "0", "-1", "WITHSCORES"))
		for i := 1; i < len(flat); i += 2 {
			f, err := strconv.ParseFloat(flat[i], 64)
			if err != nil {
				s.t.Fatal(err)
			}
			flat[i] = scoreText(f)
		}
		return modelKey{kind: rdb.ZSet, elements: pairs(flat)}
	default:
		s.t.Fatalf("%q is a %s", name, kind)
		return modelKey{}
	}
}

func texts(v resp.Value) []string {
	var all []string
	for _, e := range v.Array() {
		all = append(all, e.String())
	}
	return all
}

func pairs(flat []string) []string {
	var all []string
	for i := 0; i+1 < len(flat); i += 2 {
		all = append(all, flat[i]+"="+flat[i+1])
	}
	return all
}

// checkFile runs redis-check-rdb.
func checkFile(t *testing.T, b []byte) {
	t.Helper()
	path, err := exec.LookPath("redis-check-rdb")
	if err != nil {
		t.Skip("no redis-check-rdb on PATH")
	}
	file := filepath.Join(t.TempDir(), "dump.rdb")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, file).CombinedOutput(); err != nil || !strings.Contains(string(out), "RDB looks OK") {
		t.Fatalf("redis-check-rdb: %v\n%s", err, out)
	}
}

// TestRedisLoadsWhatWeWrite writes keys of all kinds, with an auxiliary field
// Redis does not know, and asks a real server for them.
func TestRedisLoadsWhatWeWrite(t *testing.T) {
	m := newModel()
	m.keys = sample()
	m.aux["redoubt-gates"] = "\x00\x01binary\xff"
	file := m.write(t)
	checkFile(t, file)
	compareKeys(t, startServer(t, file).keys(), m.keys)
}

func TestRedisLoadsEmptyFile(t *testing.T) {
	file := newModel().write(t)
	checkFile(t, file)
	if n := startServer(t, file).must("DBSIZE").Integer(); n != 0 {
		t.Errorf("%d keys", n)
	}
}

// TestReadWhatRedisWrites has a real server write every encoding it has, with
// compression and without, and reads that.
func TestReadWhatRedisWrites(t *testing.T) {
	for _, compression := range []string{"yes", "no"} {
		t.Run("compression "+compression, func(t *testing.T) {
			s := startServer(t, nil, "--rdbcompression", compression, "--list-max-listpack-size", "40",
				"--enable-debug-command", "yes")
			s.must("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "3000b") // longer elements get a node of their own
			want := sample()
			s.fill(want)
			s.checkEncodings()
			s.must("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
			s.must("SAVE")
			compareKeys(t, readServerFile(t, s), want)
			s.must("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
			s.must("SAVE")
			compareKeys(t, readServerFile(t, s), want)
		})
	}
}

func readServerFile(t *testing.T, s *server) map[string]modelKey {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := readModel(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.aux["redis-ver"] == "" || m.aux["redis-bits"] != "64" {
		t.Errorf("auxiliary fields: %q", m.aux)
	}
	return m.keys
}

// checkEncodings makes sure that the sample does cover Redis' encodings.
func (s *server) checkEncodings() {
	s.t.Helper()
	seen := map[string]bool{}
	for _, name := range s.must("KEYS", "*").Array() {
		kind := s.must("TYPE", name.String()).String()
		seen[kind+" "+s.must("OBJECT", "ENCODING", name.String()).String()] = true
	}
	for _, want := range []string{"string int", "string embstr", "string raw", "list quicklist", "set intset",
		"set hashtable", "hash listpack", "hash hashtable", "zset listpack", "zset skiplist"} {
		if !seen[want] {
			s.t.Errorf("no %s in the sample", want)
		}
	}
}

func TestStreamIsRefused(t *testing.T) {
	s := startServer(t, nil)
	s.must("XADD", "stream", "*", "f", "v")
	s.must("SAVE")
	b, err := os.ReadFile(filepath.Join(s.dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	checkRefused(t, b, rdb.ErrUnsupported, "stream: not supported")
}

func TestFunctionIsRefused(t *testing.T) {
	s := startServer(t, nil)
	s.must("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)")
	s.must("SAVE")
	b, err := os.ReadFile(filepath.Join(s.dir, "dump.rdb"))
	if err != nil {
		t.Fatal(err)
	}
	checkRefused(t, b, rdb.ErrUnsupported, "function library: not supported")
}
