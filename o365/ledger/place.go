package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
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
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, nil
	case err != nil:
		return "", denied(err)
	case info.IsDir():
		return "", errors.New("is a directory: name a file in it")
	case !info.Mode().IsRegular():
		return "", errors.New("is not a regular file: name another file")
	}
	return file, nil
}

// create makes sure that the file is there and can be written, private when it
// is new. The caller holds the lock, and SQLite does not have the file open.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
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
