package persistence

import (
	"log/slog"
	"testing"

	"github.com/hashicorp/raft"
)

// BenchmarkStoreLog stores entries of 200 bytes, one durable write each.
func BenchmarkStoreLog(b *testing.B) { benchmarkStore(b, 1) }

// BenchmarkStoreLogs16 stores sixteen in one durable write.
func BenchmarkStoreLogs16(b *testing.B) { benchmarkStore(b, 16) }

func benchmarkStore(b *testing.B, batch int) {
	for _, engine := range []string{EngineWAL, EngineBolt} {
		b.Run(engine, func(b *testing.B) {
			d, err := OpenDir(b.TempDir(), "node.conf", slog.New(slog.DiscardHandler))
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			g, err := d.OpenGroup("g", GroupOptions{Engine: engine})
			if err != nil {
				b.Fatal(err)
			}
			entries := make([]*raft.Log, batch)
			for i := range entries {
				entries[i] = &raft.Log{Index: uint64(i), Term: 1, Data: make([]byte, 200)}
			}
			b.ResetTimer()
			for range b.N {
				for _, e := range entries {
					e.Index += uint64(batch)
				}
				if err := g.Log.StoreLogs(entries); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}
