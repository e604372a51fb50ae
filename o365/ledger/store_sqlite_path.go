package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
)

// resolvePath returns the real file that path names, so that two names of one file
// get one lock. It opens nothing: see acquire.
func resolvePath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("directory %s does not exist: create it, or name another file", filepath.Dir(path))
	}
	if err != nil {
		return "", denied(err)
	}
	file := filepath.Join(dir, filepath.Base(path))
	real, err := filepath.EvalSymlinks(file)
	target, noLink := os.Readlink(file)
	switch {
	case err == nil:
		file = real
	case errors.Is(err, fs.ErrPermission):
		return "", denied(err)
	case noLink == nil:
		return "", fmt.Errorf("is a symbolic link to %s, which leads to no file: create that, or remove the link", target)
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	switch err := files.CheckOwn(file); {
	case errors.Is(err, syscall.EISDIR):
		return "", errors.New("is a directory: name a file in it")
	case errors.Is(err, files.ErrNotRegular):
		return "", fmt.Errorf("%w: name another file", err)
	default:
		return file, unusable(file, err)
	}
}

// besideSuffixes are those of the files that SQLite opens beside the database: the
// journal, and those of write-ahead logging, which somebody may have turned on.
var besideSuffixes = []string{"-journal", "-wal", "-shm"}

// prepareFiles makes sure that the file exists and can be written, private when it
// is new, and that nothing foreign lies where SQLite opens a file. The caller holds
// the lock, and SQLite does not have the file open.
func prepareFiles(path string) error {
	for _, suffix := range besideSuffixes {
		if err := files.CheckOwn(path + suffix); err != nil {
			return unusable(path+suffix, err)
		}
	}
	f, err := files.OpenOwn(path)
	if err != nil {
		return unusable(path, err)
	}
	return f.Close()
}

// errNoLock says that a file at the lock's place is another one.
var errNoLock = errors.New("is not a lock of this plugin")

// unusable adds to an error what to do about a file of the ledger.
func unusable(path string, err error) error {
	do := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, files.ErrHardLink):
		do = "put a copy in its place, or name another file"
	case errors.Is(err, files.ErrOwner):
		do = "change its owner, or name another file"
	case errors.Is(err, files.ErrNotRegular), errors.Is(err, syscall.EISDIR), errors.Is(err, files.ErrLink), errors.Is(err, errNoLock):
		do = "remove it, or name another file"
	default:
		return fmt.Errorf("%s: %w", path, denied(err))
	}
	return fmt.Errorf("%s %w: %s", path, err, do)
}

// denied adds to an error about permissions who needs which.
func denied(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: uid %d must be able to write the file and its directory", err, os.Getuid())
	}
	return err
}
