package storage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"
)

// abandoned is the age of an upload that nobody writes to any more.
const abandoned = 24 * time.Hour

func (f *Folder) Create(ctx context.Context, name string) (Upload, error) {
	root, err := f.open(ctx, name)
	if err != nil {
		return nil, err
	}
	f.sweep(root)
	file, temporary, err := createTemporary(root)
	if err != nil {
		root.Close()
		return nil, f.explain(err)
	}
	return &fileUpload{ctx: ctx, folder: f, root: root, file: file, temporary: temporary, name: name}, nil
}

type fileUpload struct {
	ctx             context.Context
	folder          *Folder
	root            *os.Root
	file            *os.File
	temporary, name string
	err             error // of a write; no commit follows
	done            bool
}

func (u *fileUpload) Write(p []byte) (int, error) {
	if u.done {
		return 0, errDone
	}
	if err := cmp.Or(u.ctx.Err(), u.err); err != nil {
		return 0, err
	}
	n, err := u.file.Write(p)
	u.err = u.folder.explain(err)
	return n, u.err
}

func (u *fileUpload) Commit(metadata Metadata) error {
	if u.done {
		return errDone
	}
	defer u.Abort() // removes what is left
	if err := cmp.Or(u.ctx.Err(), u.err, metadata.check()); err != nil {
		return err
	}
	made, err := stamp(u.root, u.temporary, time.Time{})
	if err == nil {
		err = u.file.Sync()
	}
	if err == nil {
		err = makeFolders(u.root, path.Dir(u.name))
	}
	if err != nil {
		return u.folder.explain(err)
	}
	unlock, err := u.folder.lock(u.ctx, u.root, u.name)
	if err != nil {
		return err
	}
	defer unlock()
	switch _, err := lstatObject(u.root, u.name); {
	case err == nil:
		return ErrExists
	case !errors.Is(err, ErrNotFound):
		return u.folder.explain(err)
	}
	return u.folder.explain(u.folder.place(u.root, u.temporary, u.name, "", versionOf(made), metadata))
}

func (u *fileUpload) Abort() {
	if u.done {
		return
	}
	u.done = true
	u.file.Close()
	_ = u.root.Remove(u.temporary) // gone after a commit
	u.root.Close()
}

func (f *Folder) Put(ctx context.Context, name string, content []byte, metadata Metadata, version Version) (Version, error) {
	if err := metadata.check(); err != nil {
		return "", err
	}
	root, err := f.open(ctx, name)
	if err != nil {
		return "", err
	}
	defer root.Close()
	f.sweep(root)
	if err := makeFolders(root, path.Dir(name)); err != nil {
		return "", f.explain(err)
	}
	unlock, err := f.lock(ctx, root, name)
	if err != nil {
		return "", err
	}
	defer unlock()

	var present Version
	var presentTime time.Time
	switch old, err := lstatObject(root, name); {
	case err == nil:
		present, presentTime = versionOf(old), old.ModTime()
	case !errors.Is(err, ErrNotFound):
		return "", f.explain(err)
	}
	switch {
	case version == "" && present != "":
		return "", ErrExists
	case version != present:
		return "", ErrChanged
	}

	temporary, made, err := writeTemporary(root, content, presentTime)
	if err != nil {
		return "", f.explain(err)
	}
	if err := f.place(root, temporary, name, present, versionOf(made), metadata); err != nil {
		_ = root.Remove(temporary)
		return "", f.explain(err)
	}
	return versionOf(made), nil
}

// place gives a temporary file, which is on the disk, the name of an object, under
// the name's lock.
func (f *Folder) place(root *os.Root, temporary, name string, present, next Version, metadata Metadata) error {
	if err := writeSidecar(root, name, present, next, metadata); err != nil {
		return err
	}
	var err error
	switch file, statErr := root.Lstat(name); {
	case statErr == nil && file.IsDir():
		err = &os.PathError{Op: "rename", Path: name, Err: syscall.EISDIR}
	case present == "":
		// The lock alone would do, but not every share on a network has locks that
		// work.
		err = renameNew(root, temporary, name)
	default:
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return err
	}
	return syncFolder(root, path.Dir(name))
}

// replaceFile writes a small file, whole or not at all.
func replaceFile(root *os.Root, name string, content []byte) error {
	temporary, _, err := writeTemporary(root, content, time.Time{})
	if err != nil {
		return err
	}
	if err := root.Rename(temporary, name); err != nil {
		_ = root.Remove(temporary)
		return err
	}
	return nil
}

// writeTemporary writes a temporary file whose time is after another.
func writeTemporary(root *os.Root, content []byte, after time.Time) (name string, made fs.FileInfo, err error) {
	file, name, err := createTemporary(root)
	if err != nil {
		return "", nil, err
	}
	_, err = io.Copy(file, bytes.NewReader(content))
	if err == nil {
		made, err = stamp(root, name, after)
	}
	if err == nil {
		err = file.Sync()
	}
	if err = cmp.Or(err, file.Close()); err != nil {
		_ = root.Remove(name)
	}
	return name, made, err
}

func createTemporary(root *os.Root) (*os.File, string, error) {
	if err := makeFolders(root, uploadsFolder); err != nil {
		return nil, "", err
	}
	name := path.Join(uploadsFolder, rand.Text())
	file, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	return file, name, err
}

// sweep removes, once, the temporary files of processes that were killed.
func (f *Folder) sweep(root *os.Root) {
	select {
	case f.swept <- struct{}{}:
	default:
		return
	}
	files, err := fs.ReadDir(root.FS(), uploadsFolder)
	if err != nil {
		return // there is none yet, or the call that follows will fail as well
	}
	for _, file := range files {
		if info, err := file.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = root.Remove(path.Join(uploadsFolder, file.Name()))
		}
	}
}

// makeFolders makes a folder and those above it, and has them on the disk, also those
// that another process has only just made.
func makeFolders(root *os.Root, folder string) error {
	if folder == "." {
		return nil
	}
	if err := makeFolders(root, path.Dir(folder)); err != nil {
		return err
	}
	if err := root.Mkdir(folder, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(root, path.Dir(folder))
}

// syncFolder brings the names in a folder to the disk.
func syncFolder(root *os.Root, folder string) error {
	d, err := root.Open(folder)
	if err != nil {
		return err
	}
	defer d.Close()
	// Shares of networks may not know how to; their servers decide.
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
