package persistence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// closed.json stands in a log's directory while the log is closed after a clean
// stop, and tells where it ended: a last batch that is damaged then cannot pass
// for one that a crash tore.
const closedName = "closed.json"

type closedInfo struct {
	Last uint64 `json:"last"`
}

// markEnd writes the file.
func markEnd(dir string, last uint64) error {
	body, err := json.Marshal(closedInfo{last})
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, closedName), seal(body), dataFileMode)
}

// checkEnd compares the file with the log's last index, and removes it.
func checkEnd(dir string, last uint64) error {
	path := filepath.Join(dir, closedName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var info closedInfo
	body, err := unseal(b)
	if err == nil {
		err = json.Unmarshal(body, &info)
	}
	if err != nil {
		return at(path, err)
	}
	if last < info.Last {
		return at(dir, fmt.Errorf("the log ended at index %d when it was closed, and ends at %d now", info.Last, last))
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return syncDir(dir)
}
