package persistence

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// openedEnv makes the test binary the process that is killed while it opens.
const openedEnv = "PERSISTENCE_TEST_OPENED_IN"

// TestKilledWhileOpening kills a process, again and again, while it opens a group that was closed
// cleanly, and closes it again. What it had seen of the clean stop must not make the next one
// take the group for a damaged one.
func TestKilledWhileOpening(t *testing.T) {
	if work := os.Getenv(openedEnv); work != "" {
		openUntilKilled(work)
	}
	const rounds, stored = 15, 20
	for _, engine := range []string{EngineWAL, EngineBolt} {
		t.Run(engine, func(t *testing.T) {
			work := t.TempDir()
			for round := range rounds {
				d := openTestDir(t, work)
				g, err := d.OpenGroup("g", GroupOptions{Engine: engine})
				if err != nil {
					t.Fatalf("round %d: %v", round, err)
				}
				_, last, err := logRange(g.Log)
				check(t, err)
				if round == 0 {
					check(t, g.Log.StoreLogs(entries(1, stored, 1)))
					last = stored
				}
				if last != stored {
					t.Fatalf("round %d: the log ends at %d", round, last)
				}
				check(t, d.Close())
				killWhileOpening(t, work, engine)
			}
		})
	}
}

func killWhileOpening(t *testing.T, work, engine string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWhileOpening$")
	cmd.Env = append(os.Environ(), openedEnv+"="+work, openedEnv+"_ENGINE="+engine)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	_, err = out.Read(make([]byte, 1)) // it has begun
	check(t, err)
	time.Sleep(rand.N(30 * time.Millisecond)) // the moment of the kill is what this test is about
	check(t, cmd.Process.Kill())
	_ = cmd.Wait()
}

// openUntilKilled is the process.
func openUntilKilled(work string) {
	for first := true; ; first = false {
		d, err := OpenDir(work, "node-7000.conf", slog.New(slog.DiscardHandler))
		if err != nil {
			panic(err)
		}
		if first {
			_, _ = os.Stdout.WriteString("\n")
		}
		if _, err := d.OpenGroup("g", GroupOptions{Engine: os.Getenv(openedEnv + "_ENGINE")}); err != nil {
			panic(err)
		}
		if err := d.Close(); err != nil {
			panic(err)
		}
	}
}
