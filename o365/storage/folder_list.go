package storage

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
)

// List holds the names of one folder at a time in memory, and of those above it.
func (f *Folder) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		root, err := os.OpenRoot(f.dir)
		if err != nil {
			yield(Info{}, f.explain(err))
			return
		}
		defer root.Close()
		l := &lister{ctx: ctx, folder: root.FS(), prefix: prefix, after: after, yield: yield}
		if err := l.list(""); err != nil && !errors.Is(err, errStopped) {
			if ctx.Err() == nil {
				err = f.explain(err)
			}
			yield(Info{}, err)
		}
	}
}

var errStopped = errors.New("the caller has seen enough")

type lister struct {
	ctx           context.Context
	folder        fs.FS
	prefix, after string
	yield         func(Info, error) bool
}

// list lists a folder, whose name is empty or ends with a slash.
func (l *lister) list(folder string) error {
	files, err := fs.ReadDir(l.folder, path.Clean(folder))
	if errors.Is(err, fs.ErrNotExist) && folder != "" {
		return nil // removed meanwhile
	}
	if err != nil {
		return err
	}
	names := make([]string, 0, len(files))
	for _, file := range files {
		name := folder + file.Name()
		switch {
		case file.Name()[0] == '.':
		case file.IsDir():
			// Its slash counts in the order: a.b comes before a/b.
			if name += "/"; l.mayHold(name) {
				names = append(names, name)
			}
		case file.Type().IsRegular() && strings.HasPrefix(name, l.prefix) && name > l.after:
			names = append(names, name)
		}
	}
	files = nil
	slices.Sort(names)
	for _, name := range names {
		if err := l.visit(name); err != nil {
			return err
		}
	}
	return nil
}

// mayHold reports whether objects that are asked for may be below a folder.
func (l *lister) mayHold(folder string) bool {
	return (strings.HasPrefix(folder, l.prefix) || strings.HasPrefix(l.prefix, folder)) &&
		(folder > l.after || strings.HasPrefix(l.after, folder))
}

func (l *lister) visit(name string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	if strings.HasSuffix(name, "/") {
		return l.list(name)
	}
	file, err := fs.Lstat(l.folder, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // deleted meanwhile
	case err != nil:
		return err
	case checkName(name) != nil || !file.Mode().IsRegular():
		return nil // not made by a store
	case !l.yield(infoOf(name, file), nil):
		return errStopped
	}
	return nil
}
