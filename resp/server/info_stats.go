package server

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redoubtdb/redoubt/fsm/command"
)

// Limits of what INFO keeps.
const (
	runIDBytes        = 20
	rateWindowSeconds = 1  // rates are over at least so long
	maxErrorCodes     = 64 // different codes that errorstats counts; the rest counts as one
)

const otherErrors = "OTHER"

// monitor is what INFO keeps between calls: rates, peaks, errors and commands, and where CONFIG RESETSTAT set the
// counters to zero. The zero value is ready.
type monitor struct {
	idOnce   sync.Once
	id       string
	commands sync.Map // *command.Spec to *commandStat
	resets   atomic.Uint32

	mu     sync.Mutex // guards all below
	base   counters   // subtracted from the frontend's counters
	sample sample
	rates  rates
	peak   uint64
	errors map[string]int64
}

// counters is the frontend's Stats at one moment.
type counters struct {
	connections, rejected, commands, in, out, batches, notRun, unknown, dropped, evicted int64
}

func readCounters(s *Stats) counters {
	return counters{
		connections: s.Connections.Load(), rejected: s.Rejected.Load(), commands: s.Commands.Load(), in: s.BytesIn.Load(), out: s.BytesOut.Load(),
		batches: s.Batches.Load(), notRun: s.NotRun.Load(), unknown: s.Unknown.Load(), dropped: s.OutputClosed.Load(), evicted: s.Evicted.Load(),
	}
}

func (c counters) minus(o counters) counters {
	return counters{
		connections: c.connections - o.connections, rejected: c.rejected - o.rejected, commands: c.commands - o.commands, in: c.in - o.in, out: c.out - o.out,
		batches: c.batches - o.batches, notRun: c.notRun - o.notRun, unknown: c.unknown - o.unknown, dropped: c.dropped - o.dropped, evicted: c.evicted - o.evicted,
	}
}

// sample is the counters some time ago, to tell rates from.
type sample struct {
	at time.Time
	counters
}

type rates struct {
	commands int64 // a second
	in, out  float64
}

// runID is a random name of this run of the server.
func (m *monitor) runID() string {
	m.idOnce.Do(func() {
		b := make([]byte, runIDBytes)
		_, _ = rand.Read(b)
		m.id = hex.EncodeToString(b)
	})
	return m.id
}

// reset lets counters, peaks, errors and command statistics start anew.
func (m *monitor) reset(s *Stats) {
	m.commands.Clear()
	m.resets.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.base = readCounters(s)
	m.peak = 0
	m.errors = nil
}

// since returns the counters since the last reset, and the present rates.
func (m *monitor) since(s *Stats, started time.Time) (counters, rates) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := sample{time.Now(), readCounters(s)}
	if m.sample.at.IsZero() {
		m.sample.at = started
	}
	if span := now.at.Sub(m.sample.at).Seconds(); span >= rateWindowSeconds {
		d := now.minus(m.sample.counters)
		m.rates = rates{int64(float64(d.commands) / span), float64(d.in) / span, float64(d.out) / span}
		m.sample = now
	}
	return now.minus(m.base), m.rates
}

// peakMemory returns the most memory that was ever seen in use.
func (m *monitor) peakMemory(used uint64) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peak = max(m.peak, used)
	return m.peak
}

// failed counts an error reply by its code.
func (m *monitor) failed(text string) {
	code, _, _ := strings.Cut(text, " ")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.errors == nil {
		m.errors = map[string]int64{}
	}
	if _, ok := m.errors[code]; !ok && len(m.errors) >= maxErrorCodes {
		code = otherErrors
	}
	m.errors[code]++
}

// commandStat counts the calls of one command.
type commandStat struct{ calls, nanos, failed atomic.Int64 }

// counted is where a connection's latest command is counted: most send the same one over and over.
type counted struct {
	spec   *command.Spec
	stat   *commandStat
	resets uint32
}

// called counts a call of a command.
func (m *monitor) called(c *counted, spec *command.Spec, took time.Duration, failed bool) {
	if resets := m.resets.Load(); c.spec != spec || c.resets != resets {
		v, ok := m.commands.Load(spec)
		if !ok {
			v, _ = m.commands.LoadOrStore(spec, &commandStat{})
		}
		*c = counted{spec, v.(*commandStat), resets}
	}
	stat := c.stat
	stat.calls.Add(1)
	if took > 0 {
		stat.nanos.Add(int64(took))
	}
	if failed {
		stat.failed.Add(1)
	}
}

func infoCommandStats(s *Server, b *infoText) {
	lines := map[string]string{}
	s.monitor.commands.Range(func(key, value any) bool {
		stat := value.(*commandStat)
		calls, micros := stat.calls.Load(), stat.nanos.Load()/int64(time.Microsecond)
		lines[key.(*command.Spec).Name] = fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=0,failed_calls=%d",
			calls, micros, ratio(uint64(micros), uint64(calls)), stat.failed.Load())
		return true
	})
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		b.put("cmdstat_"+name, lines[name])
	}
}

func infoErrorStats(s *Server, b *infoText) {
	s.monitor.mu.Lock()
	defer s.monitor.mu.Unlock()
	for _, code := range slices.Sorted(maps.Keys(s.monitor.errors)) {
		b.put("errorstat_"+code, fmt.Sprintf("count=%d", s.monitor.errors[code]))
	}
}

// errorCount is the number of error replies since the last reset.
func (m *monitor) errorCount() (n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, count := range m.errors {
		n += count
	}
	return n
}

func infoStats(s *Server, b *infoText) {
	const kilo = 1024
	c, r := s.monitor.since(s.stats, s.started)
	b.put("total_connections_received", c.connections)
	b.put("total_commands_processed", c.commands)
	b.put("instantaneous_ops_per_sec", r.commands)
	b.put("total_net_input_bytes", c.in)
	b.put("total_net_output_bytes", c.out)
	b.put("instantaneous_input_kbps", fmt.Sprintf("%.2f", r.in/kilo))
	b.put("instantaneous_output_kbps", fmt.Sprintf("%.2f", r.out/kilo))
	b.put("rejected_connections", c.rejected)
	for _, name := range [...]string{
		"sync_full", "sync_partial_ok", "sync_partial_err", "expired_keys", "evicted_keys", "keyspace_hits", "keyspace_misses",
		"pubsub_channels", "pubsub_patterns", "pubsubshard_channels", "latest_fork_usec", "total_forks", "migrate_cached_sockets", "tracking_total_keys",
	} {
		b.put(name, 0)
	}
	b.put("evicted_clients", c.evicted)
	b.put("unexpected_error_replies", 0)
	b.put("total_error_replies", s.monitor.errorCount())
	b.put("client_output_buffer_limit_disconnections", c.dropped)
}

func infoCPU(_ *Server, b *infoText) {
	system, user := cpuTimes()
	b.put("used_cpu_sys", infoSeconds(system))
	b.put("used_cpu_user", infoSeconds(user))
	b.put("used_cpu_sys_children", infoSeconds(0))
	b.put("used_cpu_user_children", infoSeconds(0))
}

func infoSeconds(d time.Duration) string { return fmt.Sprintf("%.6f", d.Seconds()) }
