package storage

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// renameNew gives a file a name that no other file has: [fs.ErrExist] if one has it.
// NFS can do it by a hard link only, and FAT by renaming only.
func renameNew(root *os.Root, from, to string) error {
	err := renameNoReplace(root, from, to)
	if !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return linkNew(root, from, to)
}

func linkNew(root *os.Root, from, to string) error {
	err := root.Link(from, to)
	if errors.Is(err, fs.ErrExist) {
		// NFS sends a request again whose answer was lost.
		a, errA := root.Lstat(from)
		b, errB := root.Lstat(to)
		if errA == nil && errB == nil && os.SameFile(a, b) {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return root.Remove(from)
}
