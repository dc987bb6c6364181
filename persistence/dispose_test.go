package persistence

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// sparseFile makes a file of some size without writing to it.
func sparseFile(t *testing.T, path string, size int64) {
	t.Helper()
	check(t, os.WriteFile(path, nil, dataFileMode))
	check(t, os.Truncate(path, size))
}

// sizeOf is a file's size, -1 if there is none.
func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1
	}
	check(t, err)
	return info.Size()
}

// Large files go piece by piece, one after the other, and what is not due yet stays whole.
func TestDisposerTakesItsTime(t *testing.T) {
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "first"), dataDirMode))
	first, second := filepath.Join(dir, "first", "dump"), filepath.Join(dir, "second")
	const size = 3*disposeBytes + 1
	sparseFile(t, first, size)
	sparseFile(t, second, size)
	synctest.Test(t, func(t *testing.T) {
		d := newDisposer(slog.New(slog.DiscardHandler))
		check(t, d.dispose(filepath.Dir(first)))
		check(t, d.dispose(second))
		time.Sleep(disposePause / 2)
		for _, want := range [][2]int64{{size - disposeBytes, size}, {size - 2*disposeBytes, size}, {1, size}, {-1, size}, {-1, size - disposeBytes}} {
			if got := [2]int64{sizeOf(t, first), sizeOf(t, second)}; got != want {
				t.Errorf("the files have %v bytes, want %v", got, want)
			}
			time.Sleep(disposePause)
		}
		check(t, d.Close())
		if n := sizeOf(t, second); n >= 0 {
			t.Errorf("after Close there is a file of %d bytes", n)
		}
	})
}

// Close does not wait for pauses, and after it nothing is put off.
func TestDisposerClose(t *testing.T) {
	paths := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "c")}
	for _, path := range paths {
		sparseFile(t, path, 1000*disposeBytes)
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDisposer(slog.New(slog.DiscardHandler))
		check(t, d.dispose(paths[0]))
		check(t, d.dispose(paths[1]))
		began := time.Now()
		check(t, d.Close())
		check(t, d.Close())
		check(t, d.dispose(paths[2]))
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
	for _, path := range paths {
		if sizeOf(t, path) >= 0 {
			t.Errorf("%s is still there", path)
		}
	}
}
