package server

import (
	"fmt"

	"github.com/redoubtdb/redoubt/fsm/command"
	"github.com/redoubtdb/redoubt/resp"
	"github.com/redoubtdb/redoubt/resp/server/config"
)

const (
	errNoConfigFile = "ERR The server is running without a config file"
	errRewritingF   = "ERR Rewriting config file: %s"
	errNotPossible  = "ERR this node can't do that"
)

// configCommands is CONFIG.
func configCommands() []front {
	container := &command.Spec{
		Name: "config", Arity: -2, Since: "2.0.0", Group: "server",
		Summary: "A container for server configuration commands", Complexity: "Depends on subcommand.",
	}
	return family(container,
		front{run: configGet, spec: &command.Spec{
			Name: "get", Arity: -3, Flags: flagsServer, Since: "2.0.0",
			Summary: "Get the values of configuration parameters", Complexity: "O(N) when N is the number of configuration parameters provided",
		}},
		front{run: configSet, spec: &command.Spec{
			Name: "set", Arity: -4, Flags: flagsServer, Since: "2.0.0",
			Summary: "Set configuration parameters to the given values", Complexity: "O(N) when N is the number of configuration parameters provided",
			Tips: []string{"request_policy:all_nodes", "response_policy:all_succeeded"},
		}},
		front{run: configResetStat, spec: &command.Spec{
			Name: "resetstat", Arity: 2, Flags: flagsServer, Since: "2.0.0",
			Summary: "Reset the stats returned by INFO", Complexity: "O(1)",
		}},
		front{run: configRewrite, spec: &command.Spec{
			Name: "rewrite", Arity: 2, Flags: flagsServer, Since: "2.8.0",
			Summary: "Rewrite the configuration file with the in memory configuration", Complexity: "O(1)",
		}},
		helpFront("config", "5.0.0", "Show helpful text about the different subcommands",
			"GET <pattern> [<pattern> ...]", " Show the directives that match glob-style patterns, and their values.",
			"SET <directive> <value> [<directive> <value> ...]", " Change directives: all of them, or none if one is refused.",
			"RESETSTAT", " Let the counters of INFO start from zero.",
			"REWRITE", " Write the present configuration into the configuration file.",
		),
	)
}

func configGet(s *Server, _ *Conn, args [][]byte, w *resp.Writer) {
	patterns := make([]string, 0, len(args)-2)
	for _, arg := range args[2:] {
		patterns = append(patterns, string(arg))
	}
	found := s.cfg.Load().Get(patterns...)
	w.Map(len(found))
	for _, f := range found {
		writePair(w, f[0], f[1])
	}
}

// configSet changes directives. New cluster-announce-... values must be in the cluster's map before they count: if the
// cluster does not take them, nothing is set.
func configSet(s *Server, c *Conn, args [][]byte, w *resp.Writer) {
	if len(args)%2 != 0 {
		w.Error(resp.ErrSyntax)
		return
	}
	pairs := make([][2]string, 0, len(args)/2-1)
	for i := 2; i < len(args); i += 2 {
		pairs = append(pairs, [2]string{string(args[i]), string(args[i+1])})
	}
	o := config.SetOptions{Local: isLocal(c.nc.RemoteAddr())}
	err := s.cfg.Set(pairs, o, func(before, next *config.Config) error { return s.announce(c, before, next) })
	if err != nil {
		w.Error(err.Error())
		return
	}
	s.logConfigSet(pairs)
	w.OK()
}

func (s *Server) announce(c *Conn, before, next *config.Config) error {
	if before.Cluster.Announce == next.Cluster.Announce {
		return nil
	}
	a, ok := s.admin.(Announcer)
	if !ok {
		return nil
	}
	if err := a.Announce(c.Context(), next.Cluster.Announce); err != nil {
		return &config.SetError{Name: "cluster-announce-ip", Reason: err}
	}
	return nil
}

func (s *Server) logConfigSet(pairs [][2]string) {
	cfg := s.cfg.Load()
	for _, p := range pairs {
		value := p[1]
		if cfg.Sensitive(p[0]) {
			value = "(redacted)"
		}
		s.log.Info("configuration changed", "directive", p[0], "value", value)
		if note := cfg.Note(p[0]); note != "" {
			s.log.Warn("directive "+note, "directive", p[0])
		}
	}
}

func configResetStat(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	s.monitor.reset(s.stats)
	w.OK()
}

func configRewrite(s *Server, _ *Conn, _ [][]byte, w *resp.Writer) {
	if text := s.rewriteConfig(); text != "" {
		w.Error(text)
		return
	}
	w.OK()
}

func (s *Server) rewriteConfig() string {
	cfg := s.cfg.Load()
	if cfg.File == "" {
		return errNoConfigFile
	}
	file, ok := s.admin.(ConfigFile)
	if !ok {
		return errNotPossible
	}
	old, err := file.ReadConfigFile()
	if err == nil {
		err = file.WriteConfigFile(cfg.Rewrite(old))
	}
	if err != nil {
		s.log.Error("CONFIG REWRITE failed", "file", cfg.File, "err", err)
		return fmt.Sprintf(errRewritingF, err)
	}
	s.log.Info("configuration file rewritten", "file", cfg.File)
	return ""
}
