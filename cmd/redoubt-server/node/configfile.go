package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/redoubtdb/redoubt/resp/server"
)

var (
	_ server.Announcer  = (*Node)(nil)
	_ server.ConfigFile = (*Node)(nil)
)

// errNoConfigFile is Redis' text.
var errNoConfigFile = replyError("ERR The server is running without a config file")

// ReadConfigFile implements server.ConfigFile.
func (n *Node) ReadConfigFile() ([]byte, error) {
	path := n.config.Load().File
	if path == "" {
		return nil, errNoConfigFile
	}
	return os.ReadFile(path)
}

// WriteConfigFile implements server.ConfigFile: the file is replaced as a whole or not
// at all, also when the power fails.
func (n *Node) WriteConfigFile(content []byte) (err error) {
	path := n.config.Load().File
	if path == "" {
		return errNoConfigFile
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("rewriting the config file: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Chmod(tmp.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("rewriting the config file: %w", err)
	}
	return nil
}
