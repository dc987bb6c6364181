package server

import (
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
)

// memoryUse is what the process holds, in bytes.
type memoryUse struct {
	used     uint64 // by live and not yet collected objects
	held     uint64 // taken from the operating system by the runtime
	resident uint64
}

func readMemory() memoryUse {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(samples)
	m := memoryUse{used: samples[0].Value.Uint64(), held: samples[1].Value.Uint64() - samples[2].Value.Uint64()}
	m.resident = m.held
	if pages, ok := residentPages(); ok {
		m.resident = pages * uint64(os.Getpagesize())
	}
	return m
}

// residentPages reads the second number of /proc/self/statm, where there is such a file.
func residentPages() (uint64, bool) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, false
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0, false
	}
	n, err := strconv.ParseUint(fields[1], 10, 64)
	return n, err == nil
}

func infoMemory(s *Server, b *infoText) {
	m := readMemory()
	peak := s.monitor.peakMemory(m.used)
	cfg := s.cfg.Load().Memory
	total := systemMemory()
	b.bytes("used_memory", m.used)
	b.bytes("used_memory_rss", m.resident)
	b.bytes("used_memory_peak", peak)
	b.put("used_memory_peak_perc", percent(m.used, peak))
	b.put("used_memory_overhead", 0)
	b.put("used_memory_startup", 0)
	b.put("used_memory_dataset", m.used)
	b.put("used_memory_dataset_perc", percent(m.used, m.used))
	b.put("allocator_allocated", m.used)
	b.put("allocator_active", m.held)
	b.put("allocator_resident", m.resident)
	b.bytes("total_system_memory", total)
	b.bytes("used_memory_lua", 0)
	b.put("number_of_cached_scripts", 0)
	b.bytes("maxmemory", cfg.Max)
	b.put("maxmemory_policy", cfg.Policy)
	b.put("mem_fragmentation_ratio", fmt.Sprintf("%.2f", ratio(m.resident, m.used)))
	b.put("mem_fragmentation_bytes", int64(m.resident)-int64(m.used))
	b.put("mem_not_counted_for_evict", 0)
	b.put("mem_replication_backlog", 0)
	b.put("mem_clients_slaves", 0)
	b.put("mem_clients_normal", 0)
	b.put("mem_cluster_links", 0)
	b.put("mem_aof_buffer", 0)
	b.put("mem_allocator", "go")
	b.put("active_defrag_running", 0)
	b.put("lazyfree_pending_objects", 0)
	b.put("lazyfreed_objects", 0)
}

// bytes puts a number of bytes twice, as it is and readable.
func (b *infoText) bytes(name string, n uint64) {
	b.put(name, n)
	b.put(name+"_human", humanBytes(n))
}

// humanBytes writes a number of bytes with two digits behind the point and a unit of 1024.
func humanBytes(n uint64) string {
	const step = 1024
	if n < step {
		return strconv.FormatUint(n, 10) + "B"
	}
	f := float64(n) / step
	for _, unit := range "KMGTP" {
		if f < step || unit == 'P' {
			return fmt.Sprintf("%.2f%c", f, unit)
		}
		f /= step
	}
	return ""
}

func ratio(a, b uint64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func percent(a, b uint64) string { return fmt.Sprintf("%.2f%%", ratio(a, b)*100) }
