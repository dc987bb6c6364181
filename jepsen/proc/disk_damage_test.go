package proc

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/client"
)

// damagedFiles damages a file of a replica, sees it refuse to start and say what to do, does
// that, and sees it come back with its data.
func damagedFiles(t *testing.T, server string) {
	c := nodes(t, server, 3)
	formLossProof(t, c)
	l := StartLoad(c, 2, clientTimeout)
	await(t, l, 200)
	for _, damage := range []struct {
		file string
		do   func(b []byte) []byte
	}{
		{"groups/group-*/wal/*.wal", invert},
		{"groups/group-*/stable.json", half},
		{"groups/meta-*/log.db", invert},
		{"identity.json", invert},
	} {
		replica := (leader(c) + 1) % c.Len()
		restartByAdvice(t, c, server, replica, damageFile(t, c, replica, damage.file, damage.do))
		readsOwnData(t, c, replica)
		await(t, l, 50)
	}
	audit(t, l)
}

// invert damages what is written in the middle of a file.
func invert(b []byte) []byte {
	used := strings.TrimRight(string(b), "\x00")
	b[len(used)/2] ^= 0xff
	return b
}

func half(b []byte) []byte { return b[:len(b)/2] }

// damageFile stops a node and damages the newest of its files that match. It returns its name.
func damageFile(t *testing.T, c *Cluster, i int, pattern string, damage func([]byte) []byte) string {
	t.Helper()
	if err := c.Signal(i, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(c.DataDir(i), pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file like %s (%v)", pattern, err)
	}
	path := files[len(files)-1]
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, damage(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Base(path)
}

var advice = regexp.MustCompile(`damaged.* remove (\S+): the node will rejoin and fetch`)

// restartByAdvice starts a node that has to refuse, and does what it says.
func restartByAdvice(t *testing.T, c *Cluster, server string, i int, what string) {
	t.Helper()
	args := []string{"--port", strconv.Itoa(c.Port(i)), "--bind", "127.0.0.1", "--cluster-config-file", filepath.Base(c.ConfigFile(i))}
	said := ends(t, what, server, c.Dir, args, what)
	found := advice.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("%s: no advice in\n%s", what, said)
	}
	path := found[1]
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.Dir, path)
	}
	if _, err := os.Stat(path); err != nil || !strings.HasPrefix(path, c.DataDir(i)) {
		t.Fatalf("%s: the advice is to remove %s (%v)", what, path, err)
	}
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(i); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	settle(t, c)
	eventually(t, what+": the metadata group has it again", func() bool { return metaVoters(c, leader(c)) == 3 })
}

// readsOwnData reads at a replica.
func readsOwnData(t *testing.T, c *Cluster, i int) {
	t.Helper()
	conn, err := client.Open(t.Context(), Dial, c.Addr(i), 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Do("READONLY")
	eventually(t, "the replica has its data again", func() bool {
		r := conn.Do("GET", "key:0:1")
		return r.Outcome == client.Done && r.Value.String() == "key:0:1"
	})
}
