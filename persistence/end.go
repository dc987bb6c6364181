package persistence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// closed.json stands in a group's directory while the group is closed after a
// clean stop. It tells where the log ended: entries at the end that are damaged
// then cannot pass for those that a crash tore. Of a bolt file it has the
// checksum: bolt has none, and must not be let near a damaged file, in which it
// may panic, or loop until memory is full.
const closedName = "closed.json"

// closedInfo is closed.json.
type closedInfo struct {
	Last uint64  `json:"last"`                    // the log's last index
	Bolt *uint32 `json:"log_db_crc32c,omitempty"` // of log.db
}

// markEnd writes the file, after the log was closed.
func markEnd(dir string, last uint64) error {
	info := closedInfo{Last: last}
	sum, err := sumFile(filepath.Join(dir, boltLogName))
	if err == nil {
		info.Bolt = &sum
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	body, err := json.Marshal(info)
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, closedName), seal(body), dataFileMode)
}

// forgetSum takes the checksum out of the file, before the bolt file is opened: to open it
// changes it, and if the process ended then, the checksum would speak of a file that is no
// more. Where the log ended stays true until checkEnd has looked.
func forgetSum(dir string, info *closedInfo) error {
	if info == nil || info.Bolt == nil {
		return nil
	}
	body, err := json.Marshal(closedInfo{Last: info.Last})
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, closedName), seal(body), dataFileMode)
}

// readEnd reads the file, before the log is opened, and compares what can be
// compared then. After a crash there is none, and info is nil.
func readEnd(dir string) (info *closedInfo, err error) {
	path := filepath.Join(dir, closedName)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := unseal(b)
	if err == nil {
		err = json.Unmarshal(body, &info)
	}
	if err != nil {
		return nil, at(path, err)
	}
	if info.Bolt == nil {
		return info, nil
	}
	log := filepath.Join(dir, boltLogName)
	sum, err := sumFile(log)
	if err == nil && sum != *info.Bolt {
		err = at(log, errSeal)
	}
	return info, err
}

// checkEnd compares the rest, when the log is open, and removes the file.
func checkEnd(dir string, info *closedInfo, last uint64) error {
	if info == nil {
		return nil
	}
	if last < info.Last {
		return at(dir, fmt.Errorf("the log ended at index %d when it was closed, and ends at %d now", info.Last, last))
	}
	if err := os.Remove(filepath.Join(dir, closedName)); err != nil {
		return err
	}
	return syncDir(dir)
}

// sumFile returns a file's checksum.
func sumFile(path string) (sum uint32, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	_, err = io.Copy(summer{&sum}, f)
	return sum, err
}

// summer adds what is written to a checksum.
type summer struct{ sum *uint32 }

// Write adds b.
func (s summer) Write(b []byte) (int, error) {
	*s.sum = updateChecksum(*s.sum, b)
	return len(b), nil
}
