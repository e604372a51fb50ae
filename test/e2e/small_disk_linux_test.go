package e2e

import (
	"syscall"
	"testing"
)

// smallDisk is a folder on a disk of its own, of the given size.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir, err := mountDisk(t, size)
	if err != nil {
		t.Skip("a small disk takes the right to mount one: ", err)
	}
	return dir
}

// mountDisk is smallDisk for a test that can do without.
func mountDisk(t *testing.T, size string) (dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		return "", err
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir, nil
}

// freeSpace is how many bytes can still be written to the disk of a folder.
func freeSpace(dir string) (int64, error) {
	var disk syscall.Statfs_t
	err := syscall.Statfs(dir, &disk)
	return int64(disk.Bavail) * disk.Bsize, err
}
