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
	"syscall"
)

// Reasons why a file is not used.
var (
	ErrNotRegular = errors.New("is not a regular file")
	ErrTooLarge   = errors.New("is too large")
	ErrLink       = errors.New("is a link")
	ErrHardLink   = errors.New("has a second name (a hard link)")
	ErrOwner      = errors.New("belongs to another user")
)

// Read reads a whole file of at most most bytes. Links are followed: Kubernetes
// mounts secrets as links. Its error does not name the path.
func Read(path string, most int64) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, withoutPath(err)
	case info.IsDir():
		return nil, syscall.EISDIR
	case !info.Mode().IsRegular():
		return nil, ErrNotRegular
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

// OpenOwn opens a file for reading and writing that nobody else may have put
// there: a regular one with one name and no link, that belongs to this user or to
// root. It is made, private, if it is not there.
func OpenOwn(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	switch {
	case errors.Is(err, syscall.ELOOP):
		return nil, ErrLink
	case errors.Is(err, syscall.ENXIO): // a pipe, or a socket
		return nil, ErrNotRegular
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = own(info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// CheckOwn returns why a file that is there is none that OpenOwn opens, without
// opening it; nil if there is none.
func CheckOwn(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return ErrLink
	}
	return own(info)
}

func own(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return ErrNotRegular
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok:
		return nil
	case s.Nlink > 1:
		return ErrHardLink
	case os.Geteuid() != 0 && s.Uid != 0 && int(s.Uid) != os.Geteuid():
		return ErrOwner
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
