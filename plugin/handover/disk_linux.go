package handover

import "golang.org/x/sys/unix"

// freeSpace returns how many bytes a user without privileges can write to the
// disk of a folder, false if there is no such folder.
func freeSpace(folder string) (bytes int64, ok bool) {
	var disk unix.Statfs_t
	if err := unix.Statfs(folder, &disk); err != nil {
		return 0, false
	}
	return int64(disk.Bavail) * int64(disk.Bsize), true
}
