package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// find makes sure that the programs are there before anything is started.
func (s *settings) find(given []string) (err error) {
	if s.server, err = besideSelf(s.server); err != nil {
		return err
	}
	if s.server, err = program("-redoubt", s.server); err != nil {
		return err
	}
	if s.server == "" && s.mode.needsRedoubt {
		return fmt.Errorf("-what %s needs a redoubt-server", s.mode.name)
	}
	redis, err := program("-redis", s.redis)
	if err != nil && (!s.mode.mayLackRedis || slices.Contains(given, "redis")) {
		return err
	}
	if s.redis = redis; s.server == "" && s.redis == "" && len(s.peers) == 0 {
		return errors.New("without redoubt-server, redis-server and peers there is nothing to measure")
	}
	if s.mode.benchmark {
		s.benchmark, err = program("-benchmark", s.benchmark)
		if err == nil && s.benchmark == "" {
			return fmt.Errorf("-what %s needs a redis-benchmark", s.mode.name)
		}
		return err
	}
	return nil
}

// besideSelf is where redoubt-server is unless another path was given.
func besideSelf(path string) (string, error) {
	if path != "" {
		return path, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding redoubt-server: %w", err)
	}
	return filepath.Join(filepath.Dir(self), "redoubt-server"), nil
}

// program finds a program; the path "none" means that it is not wanted.
func program(name, path string) (string, error) {
	if path == "none" {
		return "", nil
	}
	found, err := exec.LookPath(path)
	switch {
	case err != nil && name == "-redoubt":
		return "", fmt.Errorf("%s: %w (make build makes it)", name, err)
	case err != nil:
		return "", fmt.Errorf("%s: %w (redis-server and redis-benchmark are in Debian's redis-server and redis-tools)", name, err)
	}
	return filepath.Abs(found)
}
