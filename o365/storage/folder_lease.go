package storage

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"time"
)

// fileLease is a file under the lease's name. It is written anew with each renewal, and
// its time tells until when the lease lasts. That is not a lock of the system, which
// would outlast a process that hangs, and which a server of NFS gives up a minute and a
// half after a machine has gone. Both times that are compared are those of files just
// written: those of the server of a share, so that clocks of machines may differ.
type fileLease struct {
	folder *Folder
	name   string
	leaseFile
}

type leaseFile struct {
	Holder string        `json:"holder"`
	Term   time.Duration `json:"term_ns"`
}

// leaseOf is the file of a lease; the names a and a/b may both have one.
func leaseOf(name string) string { return path.Join(leasesFolder, name, ".lease") }

func (f *Folder) Lease(ctx context.Context, name string, term time.Duration) (Lease, error) {
	if err := checkTerm(term); err != nil {
		return nil, err
	}
	l := &fileLease{folder: f, name: name, leaseFile: leaseFile{Holder: rand.Text(), Term: term}}
	return l, l.update(ctx, func(held *leaseFile, age time.Duration) error {
		if held != nil && age < held.Term {
			return ErrLeased
		}
		return nil
	}, true)
}

func (l *fileLease) Renew(ctx context.Context) error {
	return l.update(ctx, l.isOurs, true)
}

func (l *fileLease) Release(ctx context.Context) error {
	err := l.update(ctx, l.isOurs, false)
	if errors.Is(err, ErrLeased) {
		return nil
	}
	return err
}

// isOurs is nil also where the lease has ended and nobody else has taken it.
func (l *fileLease) isOurs(held *leaseFile, _ time.Duration) error {
	if held == nil || held.Holder != l.Holder {
		return ErrLeased
	}
	return nil
}

// update writes or removes the lease's file, if the check of the file that is there, nil
// if none is, has no objection.
func (l *fileLease) update(ctx context.Context, check func(held *leaseFile, age time.Duration) error, write bool) error {
	root, err := l.folder.open(ctx, l.name)
	if err != nil {
		return err
	}
	defer root.Close()
	place := leaseOf(l.name)
	if err := makeFolders(root, path.Dir(place)); err != nil {
		return l.folder.explain(err)
	}
	unlock, err := l.folder.lock(ctx, root, place)
	if err != nil {
		return err
	}
	defer unlock()

	text, _ := json.Marshal(l.leaseFile)
	temporary, now, err := writeNow(root, text)
	if err != nil {
		return l.folder.explain(err)
	}
	held, written, err := readLease(root, place)
	switch {
	case err != nil:
		err = l.folder.explain(err)
	default:
		err = check(held, now.Sub(written))
	}
	if err == nil && write {
		return l.folder.explain(root.Rename(temporary, place))
	}
	_ = root.Remove(temporary)
	if err == nil {
		err = l.folder.explain(root.Remove(place))
	}
	return err
}

// writeNow writes a temporary file, and returns its time: the file system's own. It need
// not be on the disk, since no lease outlasts a machine's start.
func writeNow(root *os.Root, content []byte) (name string, now time.Time, err error) {
	file, name, err := createTemporary(root)
	if err != nil {
		return "", now, err
	}
	_, err = file.Write(content)
	if err = cmp.Or(err, file.Close()); err == nil {
		var info fs.FileInfo
		if info, err = root.Lstat(name); err == nil {
			return name, info.ModTime(), nil
		}
	}
	_ = root.Remove(name)
	return "", now, err
}

func readLease(root *os.Root, place string) (held *leaseFile, written time.Time, err error) {
	text, err := root.ReadFile(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, written, nil
	}
	var info fs.FileInfo
	if err == nil {
		info, err = root.Lstat(place)
	}
	if err != nil {
		return nil, written, err
	}
	held = new(leaseFile)
	if json.Unmarshal(text, held) != nil || held.Term <= 0 {
		return nil, written, nil // damaged by a crash of the machine
	}
	return held, info.ModTime(), nil
}
