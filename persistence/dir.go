package persistence

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
)

// Dir is the Storage of a real node:
//
//	node-7000.conf            the file named by cluster-config-file
//	node-7000.data/           derived from its name, so that nodes can share a directory
//	    lock                  held while the node runs
//	    NAME                  files of WriteFile
//	    groups/NAME/          one directory a group, see group.go
type Dir struct {
	config string // path of the configuration file
	data   string // path of the data directory
	log    *slog.Logger
	lock   *os.File
	space  spaceWatch
	groups atomic.Int64 // that are open: Full must not wait for one that is being opened

	mu     sync.Mutex
	closed bool                   // guarded by mu, as is what follows
	open   map[string]*groupFiles // groups that are open
}

var _ Storage = (*Dir)(nil)

const (
	lockName   = "lock"
	groupsName = "groups"
)

// OpenDir opens the storage of the node whose cluster-config-file is configFile,
// relative to workdir, and locks it: a second opening gets ErrLocked.
func OpenDir(workdir, configFile string, log *slog.Logger) (*Dir, error) {
	config := configFile
	if !filepath.IsAbs(config) {
		config = filepath.Join(workdir, configFile)
	}
	d := &Dir{config: config, data: dataDirName(config), log: log, open: map[string]*groupFiles{}}
	if err := d.start(); err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	return d, nil
}

// dataDirName derives the data directory: node-7000.conf has node-7000.data.
func dataDirName(config string) string {
	return strings.TrimSuffix(config, ".conf") + ".data"
}

func (d *Dir) start() error {
	if err := makeDir(d.data); err != nil {
		return err
	}
	lock, err := lockFile(filepath.Join(d.data, lockName))
	if err != nil {
		return err
	}
	groups := filepath.Join(d.data, groupsName)
	if err := errors.Join(makeDir(groups), sweep(groups)); err != nil {
		lock.Close()
		return err
	}
	d.lock = lock
	return nil
}

// Path returns the data directory's path.
func (d *Dir) Path() string { return d.data }

// Close closes the groups that are still open and unlocks the directory.
func (d *Dir) Close() error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	left := d.open
	d.open = nil
	d.mu.Unlock()

	var err error
	for _, g := range left {
		err = errors.Join(err, g.close())
	}
	return errors.Join(err, d.lock.Close())
}

func (d *Dir) check() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	return nil
}

// LoadConfig returns the cluster configuration file.
func (d *Dir) LoadConfig() ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return os.ReadFile(d.config)
}

// SaveConfig replaces the cluster configuration file.
func (d *Dir) SaveConfig(b []byte) error {
	if err := d.check(); err != nil {
		return err
	}
	return replaceFile(d.config, b, configFileMode)
}

// ReadFile returns a file of the data directory.
func (d *Dir) ReadFile(name string) ([]byte, error) {
	path, err := d.file(name)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// WriteFile replaces a file of the data directory.
func (d *Dir) WriteFile(name string, b []byte) error {
	path, err := d.file(name)
	if err != nil {
		return err
	}
	return replaceFile(path, b, dataFileMode)
}

// file returns the path of a file of the data directory. The names the directory
// itself uses, and those of temporary files, are refused.
func (d *Dir) file(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	if name == lockName || name == groupsName || strings.HasSuffix(name, tempSuffix) {
		return "", fmt.Errorf("%q: %w", name, ErrBadName)
	}
	return filepath.Join(d.data, name), d.check()
}
