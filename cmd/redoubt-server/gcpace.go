package main

import (
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much garbage may pile up between two collections. Go's own rule, as much again as lives, collects a small heap
// all the time. Here a heap may grow by a fixed amount while it is small.
const (
	gcRoomBytes  = 64 << 20
	gcMinPercent = 100
	gcMaxPercent = 800
	gcPaceEvery  = time.Second
)

// gcPercent is the collector's setting for a heap of which so much lives.
func gcPercent(liveBytes uint64) int {
	if liveBytes == 0 {
		return gcMaxPercent
	}
	return int(min(max(100*gcRoomBytes/liveBytes, gcMinPercent), gcMaxPercent))
}

// paceGC keeps the collector's setting fit for the heap until stop. Whoever sets GOGC has the last word.
func paceGC(stop <-chan struct{}) {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	t := time.NewTicker(gcPaceEvery)
	defer t.Stop()
	for set := 0; ; {
		metrics.Read(live)
		if now := gcPercent(live[0].Value.Uint64()); max(now-set, set-now) > set/10 { // each change stops the world for a moment
			debug.SetGCPercent(now)
			set = now
		}
		select {
		case <-t.C:
		case <-stop:
			return
		}
	}
}
