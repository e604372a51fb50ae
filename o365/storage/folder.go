package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"syscall"
	"time"
)

// Folder keeps objects as files below a folder, which must exist. It keeps its own
// files in .storage there: uploads that have not ended, locks and leases. It follows no
// link that leads out of the folder, and takes only regular files for objects.
//
// An object's metadata is in .NAME.meta beside it, see [sidecar].
type Folder struct {
	dir   string
	swept chan struct{} // has a place until the leftovers of others have been removed
}

// NewFolder returns the store below a folder, which is opened with each call, so that
// it may come and go: a share of the network, say.
func NewFolder(dir string) *Folder {
	return &Folder{dir: dir, swept: make(chan struct{}, 1)}
}

const (
	uploadsFolder = hidden + "uploads"
	locksFolder   = hidden + "locks"
	leasesFolder  = hidden + "leases"
)

// open begins a call.
func (f *Folder) open(ctx context.Context, name string) (*os.Root, error) {
	if err := cmp.Or(ctx.Err(), checkName(name)); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, f.explain(err)
	}
	return root, nil
}

func (f *Folder) Get(ctx context.Context, name string) (io.ReadCloser, Info, error) {
	root, err := f.open(ctx, name)
	if err != nil {
		return nil, Info{}, err
	}
	defer root.Close()
	file, info, err := openObject(root, name)
	if err != nil {
		return nil, Info{}, f.explain(err)
	}
	return &wholeReader{ctx: ctx, body: file, left: info.Size, explain: f.explain}, info, nil
}

// openObject opens an object together with its metadata.
func openObject(root *os.Root, name string) (*os.File, Info, error) {
	for {
		info, err := statObject(root, name)
		if err != nil {
			return nil, Info{}, err
		}
		file, err := root.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, Info{}, ErrNotFound
		}
		if err != nil {
			return nil, Info{}, err
		}
		opened, err := file.Stat()
		if err == nil && versionOf(opened) == info.Version {
			return file, info, nil
		}
		file.Close()
		if err != nil {
			return nil, Info{}, err
		}
		// It was replaced in between.
	}
}

func (f *Folder) Stat(ctx context.Context, name string) (Info, error) {
	root, err := f.open(ctx, name)
	if err != nil {
		return Info{}, err
	}
	defer root.Close()
	info, err := statObject(root, name)
	if err != nil {
		return Info{}, f.explain(err)
	}
	return info, nil
}

// statObject is what is known of an object, with its metadata.
func statObject(root *os.Root, name string) (Info, error) {
	for {
		file, err := lstatObject(root, name)
		if err != nil {
			return Info{}, err
		}
		info := infoOf(name, file)
		all, err := readSidecar(root, name)
		if err != nil {
			return Info{}, err
		}
		var known bool
		if info.Metadata, known = all.of(info.Version); known {
			return info, nil
		}
		// It was replaced in between, or copied here without its time.
		if again, err := lstatObject(root, name); err == nil && versionOf(again) == info.Version {
			return info, nil
		}
	}
}

// lstatObject is the file of an object.
func lstatObject(root *os.Root, name string) (fs.FileInfo, error) {
	file, err := root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), err == nil && file.IsDir():
		return nil, ErrNotFound
	case err != nil:
		return nil, err
	case !file.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	return file, nil
}

func infoOf(name string, file fs.FileInfo) Info {
	return Info{Name: name, Size: file.Size(), Modified: file.ModTime(), Version: versionOf(file)}
}

// versionOf names a version by the file's time, which [stamp] makes grow with each
// version, and by its size. The number of its inode is not used: not every file system
// keeps it.
func versionOf(file fs.FileInfo) Version {
	return Version(strconv.FormatInt(file.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(file.Size(), 36))
}

func (f *Folder) Delete(ctx context.Context, name string) error {
	root, err := f.open(ctx, name)
	if err != nil {
		return err
	}
	defer root.Close()
	if _, err := lstatObject(root, name); errors.Is(err, ErrNotFound) {
		return nil
	}
	unlock, err := f.lock(ctx, root, name)
	if err != nil {
		return err
	}
	defer unlock()
	for _, file := range []string{name, sidecarOf(name)} {
		if err := root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return f.explain(err)
		}
	}
	return f.explain(syncFolder(root, path.Dir(name)))
}

// stamp sets a file's time to now, but to later than a time: as much later as the file
// system can tell, which is a nanosecond, or two seconds on FAT.
func stamp(root *os.Root, file string, after time.Time) (fs.FileInfo, error) {
	now := time.Now()
	for step := time.Nanosecond; ; step *= 10 {
		if !now.After(after) {
			now = after.Add(step)
		}
		if err := root.Chtimes(file, now, now); err != nil {
			return nil, err
		}
		info, err := root.Lstat(file)
		if err != nil || info.ModTime().After(after) {
			return info, err
		}
		now = after
	}
}
