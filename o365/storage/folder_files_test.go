package storage

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestFolderFiles shows which files there are: patterns of DuckDB and Spark see the
// objects only.
func TestFolderFiles(t *testing.T) {
	dir := t.TempDir()
	store := NewFolder(dir)
	wants(t, "commit", create(t, store, "date=1/a.json.gz", []byte("x"), Metadata{"n": "1"}), nil)
	wants(t, "commit", create(t, store, "date=1/b.json.gz", []byte("x"), nil), nil)
	var got []string
	for _, pattern := range []string{"*", "*/*"} {
		for _, file := range must(filepath.Glob(filepath.Join(dir, pattern)))(t) {
			name := must(filepath.Rel(dir, file))(t)
			got = append(got, name)
		}
	}
	want := []string{".storage", "date=1", ".storage/locks", ".storage/uploads", "date=1/.a.json.gz.meta", "date=1/a.json.gz", "date=1/b.json.gz"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestFolderCopied has the metadata of objects that were copied without their times.
func TestFolderCopied(t *testing.T) {
	dir := t.TempDir()
	store := NewFolder(dir)
	wants(t, "commit", create(t, store, "a", []byte("x"), Metadata{"n": "1"}), nil)
	age(t, filepath.Join(dir, "a"), time.Hour)
	if _, info := read(t, store, "a"); !maps.Equal(info.Metadata, Metadata{"n": "1"}) {
		t.Errorf("%+v", info)
	}
	if err := os.WriteFile(filepath.Join(dir, ".a.meta"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if content, info := read(t, store, "a"); string(content) != "x" || info.Metadata != nil {
		t.Errorf("%q, %+v", content, info)
	}
}

// TestFolderLinks reads and writes nothing outside the folder.
func TestFolderLinks(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := errors.Join(
		os.WriteFile(secret, []byte("secret"), 0o600),
		os.Symlink(secret, filepath.Join(dir, "file")),
		os.Symlink(outside, filepath.Join(dir, "folder")),
		syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	store := NewFolder(dir)
	for _, name := range []string{"file", "folder/secret", "folder/new", "pipe"} {
		if _, _, err := store.Get(t.Context(), name); err == nil {
			t.Errorf("%s was read", name)
		}
		if err := create(t, store, name, nil, nil); err == nil {
			t.Errorf("%s was created", name)
		}
		for _, version := range []Version{"", "1-6"} {
			if _, err := store.Put(t.Context(), name, nil, nil, version); err == nil {
				t.Errorf("%s was put", name)
			}
		}
		_ = store.Delete(t.Context(), name)
	}
	if got := names(t, store, "", ""); len(got) != 0 {
		t.Errorf("listed %q", got)
	}
	if files, _ := os.ReadDir(outside); len(files) != 1 {
		t.Errorf("outside: %v", files)
	}
	if text, _ := os.ReadFile(secret); string(text) != "secret" {
		t.Errorf("outside: %q", text)
	}
}

// TestFolderLinkNew is the way without renameat2.
func TestFolderLinkNew(t *testing.T) {
	root := must(os.OpenRoot(t.TempDir()))(t)
	defer root.Close()
	write := func(name string) {
		if err := root.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("new")
	wants(t, "first", linkNew(root, "new", "object"), nil)
	write("second")
	wants(t, "second", linkNew(root, "second", "object"), fs.ErrExist)
	if text, _ := root.ReadFile("object"); string(text) != "new" {
		t.Errorf("%q", text)
	}
	// The answer to the first request was lost.
	write("third")
	if err := root.Link("third", "other"); err != nil {
		t.Fatal(err)
	}
	wants(t, "again", linkNew(root, "third", "other"), nil)
	if _, err := root.Stat("third"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestFolderErrors(t *testing.T) {
	dir := t.TempDir()
	for _, test := range []struct {
		err  error
		want string
	}{
		{syscall.ENOSPC, "there is no space left below DIR; free some, or use a larger disk"},
		{syscall.EDQUOT, "the quota of disk space is used up below DIR; free some, or raise the quota"},
		{syscall.EROFS, "DIR is on a file system that can only be read; mount it for writing, or use another folder"},
		{syscall.EACCES, fmt.Sprintf("there is no permission for files below DIR; let the user of Fluent Bit (number %d) read and write there", os.Geteuid())},
		{syscall.ENOTDIR, "below DIR a file is where a folder should be, or the reverse; move it away, or use another folder"},
		{syscall.EXDEV, "a folder below DIR is on another file system; let everything below it be on one"},
		{syscall.ENAMETOOLONG, "names are too long for the file system of DIR; use another folder"},
		{syscall.EIO, "the disk of DIR fails; look at the system's log"},
		{io.ErrUnexpectedEOF, "the disk of DIR fails; look at the system's log"},
		{syscall.ENOLCK, "the file system of DIR lacks locks or hard links; use another folder, or mount the share with locks"},
		{syscall.ESTALE, "files below DIR can't be used; look at that folder and its links"},
	} {
		var got *Error
		err := (&Folder{dir: "DIR/."}).explain(&os.PathError{Op: "write", Path: "a", Err: test.err})
		if errors.As(err, &got); got == nil || got.Do != "create it, or mount what is to be there" {
			t.Errorf("%v without the folder: %v", test.err, err)
		}
		err = NewFolder(dir).explain(&os.PathError{Op: "write", Path: "a", Err: test.err})
		if errors.As(err, &got); got == nil || !errors.Is(err, test.err) {
			t.Errorf("%v: %v", test.err, err)
			continue
		}
		if said := strings.ReplaceAll(got.What+"; "+got.Do, dir, "DIR"); said != test.want {
			t.Errorf("%v:\n got %s\nwant %s", test.err, said, test.want)
		}
	}
}

func TestFolderMissing(t *testing.T) {
	store := NewFolder(filepath.Join(t.TempDir(), "missing"))
	var explained *Error
	if _, err := store.Create(t.Context(), "a"); !errors.As(err, &explained) || explained.Do == "" {
		t.Errorf("create: %v", err)
	}
	if _, err := store.Stat(t.Context(), "a"); !errors.As(err, &explained) {
		t.Errorf("stat: %v", err)
	}
	for _, err := range store.List(t.Context(), "", "") {
		if !errors.As(err, &explained) {
			t.Errorf("list: %v", err)
		}
	}
	dir := t.TempDir()
	wants(t, "commit", create(t, NewFolder(dir), "a", nil, nil), nil)
	if err := create(t, NewFolder(dir), "a/b", nil, nil); !errors.As(err, &explained) {
		t.Errorf("a/b beside a: %v", err)
	}
	wants(t, "commit", create(t, NewFolder(dir), "c/d", nil, nil), nil)
	if err := create(t, NewFolder(dir), "c", nil, nil); !errors.As(err, &explained) {
		t.Errorf("c beside c/d: %v", err)
	}
}

// TestFolderClock lets the time of a version grow though the machine's clock has gone
// back, so that no two versions are taken for one.
func TestFolderClock(t *testing.T) {
	dir := t.TempDir()
	store := NewFolder(dir)
	must(store.Put(t.Context(), "a", []byte("1"), nil, ""))(t)
	age(t, filepath.Join(dir, "a"), -time.Hour)
	_, before := read(t, store, "a")
	version := must(store.Put(t.Context(), "a", []byte("2"), nil, before.Version))(t)
	if _, info := read(t, store, "a"); info.Version != version || !info.Modified.After(before.Modified) {
		t.Errorf("%+v, before %+v", info, before)
	}
}
