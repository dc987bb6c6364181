package server

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/redoubtdb/redoubt/resp/server/config"
)

const hoursPerDay = 24

func infoServer(s *Server, b *infoText) {
	cfg := s.cfg.Load()
	up := time.Since(s.started)
	b.put("redis_version", config.RedisVersion)
	b.put("redis_git_sha1", "00000000")
	b.put("redis_git_dirty", 0)
	b.put("redis_build_id", "redoubt")
	b.put("redoubt_version", buildVersion())
	b.put("redis_mode", "cluster")
	b.put("os", osName())
	b.put("arch_bits", strconv.IntSize)
	b.put("multiplexing_api", "netpoll")
	b.put("go_version", runtime.Version())
	b.put("process_id", os.Getpid())
	b.put("process_supervised", cfg.Process.Supervised)
	b.put("run_id", s.monitor.runID())
	b.put("tcp_port", cfg.Network.Port)
	b.put("server_time_usec", time.Now().UnixMicro())
	b.put("uptime_in_seconds", int64(up.Seconds()))
	b.put("uptime_in_days", int64(up.Hours())/hoursPerDay)
	hz, _ := cfg.Value("hz")
	b.put("hz", hz)
	b.put("configured_hz", hz)
	b.put("lru_clock", lruClock(time.Now()))
	executable, _ := os.Executable()
	b.put("executable", executable)
	b.put("config_file", cfg.File)
	b.put("io_threads_active", 0)
}

// lruClock is the seconds of the day's clock in the 24 bits that Redis keeps of it.
func lruClock(now time.Time) int64 {
	const bits = 24
	return now.Unix() & (1<<bits - 1)
}

// buildVersion is the version of this module as the build knows it.
func buildVersion() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" {
		return b.Main.Version
	}
	return "(devel)"
}

func osName() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS + " " + runtime.GOARCH
	}
	return "Linux " + strings.TrimSpace(string(release)) + " " + machineName(runtime.GOARCH)
}

// machineName is uname's word for an architecture.
func machineName(arch string) string {
	switch arch {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return arch
}

func infoClients(s *Server, b *infoText) {
	b.put("connected_clients", s.clientCount())
	b.put("cluster_connections", len(s.inspect.Links()))
	b.put("maxclients", s.cfg.Load().Clients.Max)
	b.put("client_recent_max_input_buffer", 0)
	b.put("client_recent_max_output_buffer", 0)
	b.put("blocked_clients", 0)
	b.put("tracking_clients", 0)
	b.put("clients_in_timeout_table", 0)
}

func infoPersistence(s *Server, b *infoText) {
	p := s.inspect.Persistence()
	b.put("loading", 0)
	b.put("async_loading", 0)
	b.put("current_cow_peak", 0)
	b.put("current_cow_size", 0)
	b.put("current_cow_size_age", 0)
	b.put("current_fork_perc", "0.00")
	b.put("current_save_keys_processed", 0)
	b.put("current_save_keys_total", 0)
	b.put("rdb_changes_since_last_save", p.ChangesSince)
	b.flag("rdb_bgsave_in_progress", p.Saving)
	b.put("rdb_last_save_time", s.lastSave().Unix())
	b.put("rdb_last_bgsave_status", okErr(p.LastSaveOK || p.LastSave.IsZero()))
	b.put("rdb_last_bgsave_time_sec", lastTook(p))
	b.put("rdb_current_bgsave_time_sec", -1)
	b.put("rdb_last_cow_size", 0)
	b.put("aof_enabled", 0)
	b.put("aof_rewrite_in_progress", 0)
	b.put("aof_rewrite_scheduled", 0)
	b.put("aof_last_rewrite_time_sec", -1)
	b.put("aof_current_rewrite_time_sec", -1)
	b.put("aof_last_bgrewrite_status", "ok")
	b.put("aof_last_write_status", okErr(!p.LogSyncFailed))
	b.put("aof_last_cow_size", 0)
	b.put("module_fork_in_progress", 0)
	b.put("module_fork_last_cow_size", 0)
}

// lastSave is when the last snapshot was taken; before the first one, when the server started, as Redis says.
func (s *Server) lastSave() time.Time {
	if p := s.inspect.Persistence(); !p.LastSave.IsZero() {
		return p.LastSave
	}
	return s.started
}

func lastTook(p PersistenceStatus) int64 {
	if p.LastSave.IsZero() {
		return -1
	}
	return int64(p.LastSaveTook.Seconds())
}

func okErr(ok bool) string {
	if ok {
		return "ok"
	}
	return "err"
}

func infoKeyspace(s *Server, b *infoText) {
	keys, expires := s.inspect.Data().Keys()
	if keys > 0 {
		b.put("db0", "keys="+strconv.Itoa(keys)+",expires="+strconv.Itoa(expires)+",avg_ttl=0")
	}
}
