package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// explain makes what callers act on, or an [*Error], of an error of the file system.
func (f *Folder) explain(err error) error {
	var explained *Error
	switch {
	case err == nil, errors.As(err, &explained), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, ErrNotFound):
		return ErrNotFound
	case errors.Is(err, ErrExists), errors.Is(err, fs.ErrExist):
		return ErrExists
	}
	if _, missing := os.Stat(f.dir); errors.Is(missing, fs.ErrNotExist) {
		return &Error{What: fmt.Sprintf("the folder %s does not exist", f.dir), Do: "create it, or mount what is to be there", Err: err}
	}
	what, do := "", ""
	switch {
	case errors.Is(err, syscall.ENOSPC):
		what, do = "there is no space left below "+f.dir, "free some, or use a larger disk"
	case errors.Is(err, syscall.EDQUOT):
		what, do = "the quota of disk space is used up below "+f.dir, "free some, or raise the quota"
	case errors.Is(err, syscall.EROFS):
		what, do = f.dir+" is on a file system that can only be read", "mount it for writing, or use another folder"
	case errors.Is(err, fs.ErrPermission):
		what = "there is no permission for files below " + f.dir
		do = fmt.Sprintf("let the user of Fluent Bit (number %d) read and write there", os.Geteuid())
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		what, do = "below "+f.dir+" a file is where a folder should be, or the reverse", "move it away, or use another folder"
	case errors.Is(err, syscall.EXDEV):
		what, do = "a folder below "+f.dir+" is on another file system", "let everything below it be on one"
	case errors.Is(err, syscall.ENAMETOOLONG):
		what, do = "names are too long for the file system of "+f.dir, "use another folder"
	case errors.Is(err, syscall.EIO), errors.Is(err, io.ErrUnexpectedEOF):
		what, do = "the disk of "+f.dir+" fails", "look at the system's log"
	case errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL), errors.Is(err, errors.ErrUnsupported):
		what, do = "the file system of "+f.dir+" lacks locks or hard links", "use another folder, or mount the share with locks"
	default:
		what, do = "files below "+f.dir+" can't be used", "look at that folder and its links"
	}
	return &Error{What: what, Do: do, Err: err}
}
