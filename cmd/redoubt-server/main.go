// Command redoubt-server is one node of a Redoubt cluster. Its command line and its
// configuration file are those of redis-server.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/redoubtdb/redoubt/cmd/redoubt-server/node"
	"github.com/redoubtdb/redoubt/persistence"
	"github.com/redoubtdb/redoubt/resp/server/config"
	"github.com/redoubtdb/redoubt/shardgroup/bus"
)

// Version is the version of Redoubt.
const Version = "0.1.0"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the life of the process; its error is printed and makes the exit status 1.
func run(args []string) error {
	if done, err := answer(args); done {
		return err
	}
	cfg, notices, err := config.Parse(args, readFile)
	if err != nil {
		return err
	}
	if err := refuse(cfg); err != nil {
		return err
	}
	if err := os.Chdir(cfg.Storage.Dir); err != nil {
		return fmt.Errorf("changing to the directory %q: %w", cfg.Storage.Dir, err)
	}
	out, closeLog, err := openLog(cfg.Process.LogFile)
	if err != nil {
		return err
	}
	defer closeLog()
	level := new(slog.LevelVar)
	level.Set(levelOf(cfg.Process.LogLevel))
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
	for _, notice := range notices {
		log.Warn("directive "+notice.Text, "directives", notice.Names)
	}
	if cfg, err = limitFiles(cfg, log); err != nil {
		return err
	}
	return serve(cfg, log, level)
}

// leastFiles is how many open files a node needs to start: without any client it has about forty.
const leastFiles = 128

// limitFiles lowers maxclients where the operating system allows too few open files for it. Go has raised the soft limit
// to the hard one already.
func limitFiles(cfg *config.Config, log *slog.Logger) (*config.Config, error) {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		log.Warn("reading the limit on open files", "error", err)
		return cfg, nil
	}
	if files.Cur < leastFiles {
		return nil, fmt.Errorf("the limit of %d open files (ulimit -n) is too low: a node needs %d, and one for each client", files.Cur, leastFiles)
	}
	limited, lowered := cfg.LimitFiles(files.Cur)
	if lowered {
		log.Warn("maxclients has been reduced to compensate for a low limit on open files (ulimit -n)",
			"maxclients", limited.Clients.Max, "requested", cfg.Clients.Max, "files", files.Cur)
	}
	return limited, nil
}

// serve runs the node until a signal, SHUTDOWN or a fault ends it.
func serve(cfg *config.Config, log *slog.Logger, level *slog.LevelVar) error {
	signals := newSignals(log)
	defer signals.close()
	defer start(paceGC)()
	defer start(paceProcs)()
	live := config.NewLive(cfg)
	live.Subscribe(func(_, now *config.Config) { level.Set(levelOf(now.Process.LogLevel)) })
	if err := node.ProbePorts(listen, live); err != nil {
		return err
	}
	storage, err := persistence.OpenDir(".", cfg.Cluster.ConfigFile, log)
	if err != nil {
		return fmt.Errorf("opening the data directory: %w", err)
	}
	n, err := node.Start(node.Deps{Storage: storage, Bus: bus.TCPNetwork{}, Logger: log, Listen: listen}, live)
	if err != nil {
		return err
	}
	if path := cfg.Process.PidFile; path != "" {
		if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
			log.Warn("writing the pid file", "error", err)
		}
		defer os.Remove(path)
	}
	log.Info("ready to accept connections", "version", Version, "port", cfg.Network.Port, "id", n.Self())
	select {
	case s := <-signals.started():
		log.Info("stopping", "signal", s.String())
	case <-n.Done():
	}
	err = n.Err()
	ctx, cancel := context.WithTimeout(context.Background(), max(cfg.Process.ShutdownTimeout, time.Second))
	defer cancel()
	signals.hurry(cancel)
	n.Stop(ctx)
	log.Info("stopped")
	return err
}

// start runs f beside; the function it returns ends it.
func start(f func(stop <-chan struct{})) (end func()) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() { f(stop) })
	return func() {
		close(stop)
		running.Wait()
	}
}

func listen(addr string) (net.Listener, error) { return net.Listen("tcp", addr) }

// answer serves the options that only print something.
func answer(args []string) (bool, error) {
	if len(args) != 1 {
		return false, nil
	}
	switch args[0] {
	case "--version", "-v":
		fmt.Printf("Redoubt server v=%s (follows Redis %s)\n", Version, config.RedisVersion)
		return true, nil
	case "--help", "-h":
		fmt.Print(usage)
		return true, nil
	}
	return false, nil
}

const usage = `Usage: redoubt-server [/path/to/redis.conf] [--directive value ...]

The directives are those of redis.conf. Examples:
       redoubt-server --port 7000 --cluster-config-file node-7000.conf
       redoubt-server /etc/redoubt/redis.conf --loglevel verbose
       redoubt-server --version
`

// refuse stops a start that would not be what was asked for.
func refuse(cfg *config.Config) error {
	if v, ok := cfg.Value("cluster-enabled"); ok && v == "no" {
		return errors.New("redoubt-server is always a cluster node: cluster-enabled no is not supported")
	}
	if cfg.Network.Port == 0 {
		return errors.New("redoubt-server needs a client port: port 0 is not supported")
	}
	for _, e := range cfg.Extras {
		return e.Fault("Users and renamed commands are not supported yet")
	}
	return nil
}

func readFile(name string) ([]byte, error) {
	if name == config.Stdin {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(name)
}

// openLog opens the log file, or standard output where there is none.
func openLog(name string) (io.Writer, func(), error) {
	if name == "" {
		return os.Stdout, func() {}, nil
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the log file: %w", err)
	}
	return f, func() { _ = f.Close() }, nil
}

// levelOf maps Redis' log levels.
func levelOf(name string) slog.Level {
	switch name {
	case "debug":
		return slog.LevelDebug
	case "verbose":
		return slog.LevelInfo
	case "warning":
		return slog.LevelWarn
	}
	return slog.LevelInfo
}
