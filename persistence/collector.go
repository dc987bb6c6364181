package persistence

import (
	"runtime/metrics"
	"sync"
	"time"
)

// collector watches the runtime's garbage collector.
type collector struct {
	mu      sync.Mutex
	samples []metrics.Sample
	cycles  uint64 // collections that had ended when last looked at
	stops   uint64 // how often it had stopped the world when the last of them had ended
}

var theCollector = collector{samples: []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/sched/pauses/total/gc:seconds"}}}

// running tells whether a collection is under way: it stops the world as it begins, and again as it ends, when it is counted.
func (c *collector) running() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	cycles, stops := c.read()
	if cycles != c.cycles {
		c.cycles, c.stops = cycles, stops
	}
	return stops > c.stops
}

// read returns how many collections have ended, and how often they have stopped the world. The caller holds mu.
func (c *collector) read() (cycles, stops uint64) {
	metrics.Read(c.samples)
	for _, n := range c.samples[1].Value.Float64Histogram().Counts {
		stops += n
	}
	return c.samples[0].Value.Uint64(), stops
}

const (
	collectorPoll     = 2 * time.Millisecond
	collectorPatience = time.Second // longest wait for the end of one collection
)

// await waits for the end of the collection that is under way, if there is one.
func (c *collector) await() {
	for since := time.Now(); c.running(); {
		if time.Since(since) >= collectorPatience {
			c.ignore()
			return
		}
		time.Sleep(collectorPoll)
	}
}

// ignore takes the present collection for none: it takes too long, or there is none, since the counts were read between the
// end of the last one and its last stop of the world.
func (c *collector) ignore() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cycles, c.stops = c.read()
}
