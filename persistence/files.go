package persistence

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Modes of what is made. The configuration file is as readable as Redis makes
// its own; the data directory is its owner's alone.
const (
	configFileMode = 0o644
	dataFileMode   = 0o600
	dataDirMode    = 0o700
)

// tempSuffix marks a file that is being written; what a crash leaves of it is
// overwritten by the next writing.
const tempSuffix = ".tmp"

// replaceFile makes path hold b, or leaves it as it is: temporary file, sync,
// rename, sync of the directory.
func replaceFile(path string, b []byte, mode fs.FileMode) error {
	temp := path + tempSuffix
	if err := writeSynced(temp, b, mode); err != nil {
		os.Remove(temp)
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// writeSynced writes a file and syncs it.
func writeSynced(path string, b []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncDir makes what happened to a directory's entries durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// makeDir makes a directory, if it is not there, and syncs its parent.
func makeDir(path string) error {
	err := os.Mkdir(path, dataDirMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// removeDir deletes a directory at once, as far as a later opening can see: it
// is renamed first, and the rest removed then.
func removeDir(path string) error {
	trash, err := hideDir(path)
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return err
	}
	return os.RemoveAll(trash)
}

// hideDir gives a directory, if it is there, a name by which the next opening sweeps it away.
func hideDir(path string) (trash string, err error) {
	trash = filepath.Join(filepath.Dir(path), trashPrefix+filepath.Base(path))
	if err := os.RemoveAll(trash); err != nil {
		return trash, err
	}
	return trash, ifExists(os.Rename(path, trash))
}

// Directories that are being made or removed begin with a '.', and are swept
// away when their parent is opened.
const (
	trashPrefix = ".trash-"
	newPrefix   = ".new-"
)

// sweep removes what a crash left of directories being made or removed.
func sweep(parent string) error {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name()[0] != '.' {
			continue
		}
		if err := os.RemoveAll(filepath.Join(parent, e.Name())); err != nil {
			return fmt.Errorf("remove what a crash left: %w", err)
		}
	}
	return nil
}
