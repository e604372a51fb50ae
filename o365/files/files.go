//go:build unix

// Package files opens files that options name, or that lie beside them: regular
// ones only, so that neither a pipe nor a device holds the host up, and within
// bounds.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Reasons why a file is not used.
var (
	ErrNotRegular = errors.New("is not a regular file")
	ErrTooLarge   = errors.New("is too large")
	ErrLink       = errors.New("is a symbolic link")
	ErrHardLink   = errors.New("has another name too (a hard link)")
	ErrOwner      = errors.New("belongs to another user")
)

// Read reads a whole file of at most most bytes. Links are followed: Kubernetes
// mounts secrets as links. Its error does not name the path.
func Read(path string, most int64) ([]byte, error) {
	// Asked first, since opening a device may do something already.
	info, err := os.Stat(path)
	if err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, withoutPath(err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	if info, err = f.Stat(); err == nil {
		err = regular(info)
	}
	if err != nil {
		return nil, withoutPath(err)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, most)
	}
	return text, nil
}

// OpenOwn opens a file for reading and writing that nobody else can have put
// there: see CheckOwn. It is made, private, if it is not there. Its error does
// not name the path.
func OpenOwn(path string) (*os.File, error) {
	if err := CheckOwn(path); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err != nil {
		return nil, withoutPath(err)
	}
	info, err := f.Stat()
	if err == nil {
		err = own(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// CheckOwn returns why a file must not be written to, without opening it: it is
// no regular one, a link, has another name elsewhere, or belongs to somebody
// else. What is not there is no error, nor does the error name the path.
func CheckOwn(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = own(path, info)
	}
	return withoutPath(err)
}

func own(path string, info fs.FileInfo) error {
	if info.Mode()&fs.ModeSymlink != 0 {
		return ErrLink
	}
	if err := regular(info); err != nil {
		return err
	}
	switch s := info.Sys().(*syscall.Stat_t); {
	case s.Nlink > 1:
		return ErrHardLink
	case !trusted(s.Uid, path):
		return fmt.Errorf("%w (uid %d instead of %d)", ErrOwner, s.Uid, os.Geteuid())
	}
	return nil
}

// trusted reports whether a user may own a file at path: this one, root, and who
// owns the folder, and with that whatever is in it.
func trusted(uid uint32, path string) bool {
	if uid == 0 || int(uid) == os.Geteuid() {
		return true
	}
	folder, err := os.Stat(filepath.Dir(path))
	return err == nil && folder.Sys().(*syscall.Stat_t).Uid == uid
}

func regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return syscall.EISDIR
	case !info.Mode().IsRegular():
		return ErrNotRegular
	}
	return nil
}

func withoutPath(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return err
}
