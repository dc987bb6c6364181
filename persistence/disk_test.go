package persistence

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// smallDisk mounts a file system of so many MiB, in memory, and returns where.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	mount(t, dir, "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm", mib), "tmpfs")
	return dir
}

// imageDisk makes an image with a journalling file system and mounts it.
func imageDisk(t *testing.T, mib int) (image, dir string) {
	t.Helper()
	image = filepath.Join(t.TempDir(), "image")
	check(t, os.WriteFile(image, nil, 0o600))
	check(t, os.Truncate(image, int64(mib)<<20))
	if out, err := exec.Command("mkfs.ext4", "-q", image).CombinedOutput(); err != nil {
		t.Skipf("mkfs.ext4 (Debian package e2fsprogs) is needed, and makes no file system here: %v: %s", err, out)
	}
	dir = t.TempDir()
	mount(t, dir, "-o", "loop", image)
	return image, dir
}

// mount mounts for as long as the test runs.
func mount(t *testing.T, dir string, args ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a file system of its own is needed, and only root may mount one")
	}
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("a file system of its own is needed, and this machine (a container, for example) does not mount one: %v: %s", err, out)
	}
	t.Cleanup(func() { unmount(t, dir) })
}

func unmount(t *testing.T, dir string) {
	t.Helper()
	if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
		t.Errorf("umount %s: %v: %s", dir, err, out)
	}
}
