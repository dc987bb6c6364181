package differential

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redoubtdb/redoubt/jepsen/proc"
)

const (
	serveTimeout = 20 * time.Second
	defaultSeed  = 1
)

// servers are the two that are compared, each with all slots.
type servers struct {
	redis, ours string // addresses
	seed        uint64
}

// startServers starts both and stops them when the test ends.
func startServers(t *testing.T) *servers {
	t.Helper()
	redis, err := proc.StartRedis(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Close)
	binary := os.Getenv("REDOUBT_SERVER") // one to test instead, for example built with -race
	if binary == "" {
		if binary, err = proc.Build(t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	ours, err := proc.New(binary, t.TempDir(), 1, "--slowlog-log-slower-than", "-1") // as redis
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the end of Redoubt's log:\n%s", ours.LogTail(0))
		}
		ours.Close()
	})
	if err := ours.Start(0); err != nil {
		t.Fatal(err)
	}
	if !proc.Until(serveTimeout, func() bool { return proc.Serve(ours.Addr(0)) }) {
		t.Fatal("Redoubt does not serve")
	}
	return &servers{redis: redis.Addr(), ours: ours.Addr(0), seed: setting(t, "REDOUBT_SEED", defaultSeed)}
}

// setting returns a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// steps is how many requests a test sends: its own number, or what a soak asks for.
func steps(t *testing.T, otherwise uint64) int {
	t.Helper()
	return int(setting(t, "REDOUBT_STEPS", otherwise))
}

// TestAgainstRedis is one test, so that the processes are started once.
func TestAgainstRedis(t *testing.T) {
	s := startServers(t)
	t.Run("data", func(t *testing.T) { compareData(t, s) })
	t.Run("expiry", func(t *testing.T) { compareExpiry(t, s) })
	t.Run("transactions", func(t *testing.T) { compareTransactions(t, s) })
	t.Run("raw", func(t *testing.T) { compareRaw(t, s) })
	t.Run("texts", func(t *testing.T) { compareTexts(t, s) })
	t.Run("descriptions", func(t *testing.T) { compareDescriptions(t, s) })
}
