//go:build unix

// Package files opens the files that options name, and those beside them. It opens
// regular files only, so that neither a pipe nor a device blocks the host, and
// bounds what it reads.
//
// [Read] and [Blocks] accept what editors on Windows and Azure Key Vault write.
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

// Errors of this package; others are those of the system, without the path.
var (
	ErrNotRegular = errors.New("is not a regular file")
	ErrTooLarge   = errors.New("is too large")
	ErrLink       = errors.New("is a symbolic link")
	ErrHardLink   = errors.New("has another name too (a hard link)")
	ErrOwner      = errors.New("belongs to another user")
)

// Read returns the content of a file of at most maxBytes, else [ErrTooLarge],
// without a byte order mark; text in UTF-16 is an [EncodingError]. It follows links:
// Kubernetes mounts secrets as links. Its error does not name the path.
func Read(path string, maxBytes int64) ([]byte, error) {
	// The check comes first, since opening a device can have effects.
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
	text, err := io.ReadAll(io.LimitReader(f, maxBytes+1))
	if err != nil {
		return nil, withoutPath(err)
	}
	if int64(len(text)) > maxBytes {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, maxBytes)
	}
	return decode(text)
}

// OpenOwn opens a file for reading and writing that no other user can have put
// there, see [CheckOwn]. If there is none, it creates one with mode 0600. Its error
// does not name the path.
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

// CheckOwn returns why a file must not be written to, without opening it:
// [ErrNotRegular], [ErrLink], [ErrHardLink], [ErrOwner] or an error of the system;
// nil if there is no such file. Its error does not name the path.
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

// trusted reports whether a user may own a file at path: this one, root, or the
// owner of the folder, who can replace every file in it anyway.
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
