package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
)

// place finds the real file that path names, so that two names of one file get
// one lock. It opens nothing: see acquire.
func place(path string) (string, error) {
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
	switch target, err := filepath.EvalSymlinks(file); {
	case err == nil:
		file = target
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Lstat(file); err == nil {
			return "", errors.New("is a link to nothing: name a file, or remove the link")
		}
	default:
		return "", denied(err)
	}
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return "", errors.New("is a directory: name a file in it")
	}
	for _, name := range []string{file, file + "-journal"} {
		err := files.CheckOwn(name)
		switch {
		case errors.Is(err, files.ErrNotRegular), errors.Is(err, files.ErrLink), errors.Is(err, files.ErrHardLink):
			if name != file {
				return "", fmt.Errorf("%s: %w: remove it, or name another file", name, err)
			}
			return "", fmt.Errorf("%w: name another file", err)
		case err != nil && !errors.Is(err, files.ErrOwner):
			return "", denied(err)
		}
	}
	return file, nil
}

// create makes sure that the file is there and can be written, private when it
// is new. The caller holds the lock, and SQLite does not have the file open.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return denied(err)
	}
	return f.Close()
}

// setAside renames a damaged database, and its journal so that the next one is
// not repaired with it. In this order: a database that has lost its journal
// could look sound.
func setAside(path string, now time.Time) (string, error) {
	aside := path + ".corrupt-" + now.UTC().Format("20060102T150405Z")
	if _, err := os.Lstat(aside); err == nil {
		return "", fmt.Errorf("%s exists already", aside)
	}
	if err := os.Rename(path, aside); err != nil {
		return "", err
	}
	err := os.Rename(path+"-journal", aside+"-journal")
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return aside, err
}

func denied(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: uid %d must be able to write the file and its directory", err, os.Getuid())
	}
	return err
}
