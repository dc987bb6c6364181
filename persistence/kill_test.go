package persistence

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// killedEnv makes the test binary the process that is killed.
const killedEnv = "PERSISTENCE_TEST_KILLED_IN"

// TestKilledProcessLosesNothing kills a process, again and again, while it
// writes, truncates and takes snapshots, and compares what is found with what it
// said was stored.
func TestKilledProcessLosesNothing(t *testing.T) {
	if work := os.Getenv(killedEnv); work != "" {
		writeUntilKilled(t, work)
		return
	}
	const rounds = 8
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			work := t.TempDir()
			var first, last uint64
			for round := range rounds {
				acked := runAndKill(t, work, engine)
				d := openTestDir(t, work)
				g, err := d.OpenGroup("g", GroupOptions{Engine: engine})
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				first, last, err = logRange(g.Log)
				check(t, err)
				if last < acked {
					t.Fatalf("round %d: entry %d was stored, the log ends at %d", round, acked, last)
				}
				checkLog(t, g.Log, first, last)
				check(t, d.Close())
			}
			if last < rounds {
				t.Errorf("only %d entries: the test does not test", last)
			}
		})
	}
}

// runAndKill starts the process, kills it after a while, and returns the last
// index it said was stored.
func runAndKill(t *testing.T, work, engine string) (acked uint64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledProcessLosesNothing$")
	cmd.Env = append(os.Environ(), killedEnv+"="+work, killedEnv+"_ENGINE="+engine)
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	defer cmd.Wait()
	lines := bufio.NewScanner(out)
	patience := time.Duration(20+rand.IntN(100)) * time.Millisecond
	var kill *time.Timer
	for lines.Scan() {
		var n uint64
		if _, err := fmt.Sscanf(lines.Text(), "stored %d", &n); err != nil {
			t.Errorf("the process said: %s", lines.Text())
			continue
		}
		acked = n
		if kill == nil {
			kill = time.AfterFunc(patience, func() { cmd.Process.Kill() })
			defer kill.Stop()
		}
	}
	return acked
}

// writeUntilKilled stores entries and says so.
func writeUntilKilled(t *testing.T, work string) {
	d, err := OpenDir(work, "node-7000.conf", slog.New(slog.DiscardHandler))
	check(t, err)
	g, err := d.OpenGroup("g", GroupOptions{Engine: os.Getenv(killedEnv + "_ENGINE")})
	check(t, err)
	first, last, err := logRange(g.Log)
	check(t, err)
	first = max(first, 1)
	for step := 1; ; step++ {
		check(t, g.Log.StoreLogs(entries(last+1, last+3, 1)))
		last += 3
		if step%7 == 0 { // a conflicting suffix, written anew before it counts as stored
			check(t, g.Log.DeleteRange(last-1, last))
			check(t, g.Log.StoreLogs(entries(last-1, last+1, 1)))
			last++
		}
		fmt.Println("stored", last)
		if step%11 == 0 {
			addSnapshot(t, g.Snapshots, last-2, 1, fmt.Sprint("state at ", last-2))
			check(t, g.Log.DeleteRange(first, last-5))
			first = last - 4
			check(t, g.Stable.SetUint64([]byte("CurrentTerm"), last))
		}
	}
}
