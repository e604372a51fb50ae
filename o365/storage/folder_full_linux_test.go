package storage

import (
	"slices"
	"syscall"
	"testing"
)

// TestFolderFull fills a disk, and then makes it one that can only be read.
func TestFolderFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("no disk of 2 MB: mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	store := NewFolder(dir)
	version := must(store.Put(t.Context(), "state", []byte("old"), Metadata{"n": "1"}, ""))(t)

	const full = "there is no space left below "
	u := must(store.Create(t.Context(), "large"))(t)
	_, err := u.Write(make([]byte, 3<<20))
	explains(t, err, "", full)
	explains(t, u.Commit(nil), "", full)
	u.Abort()
	_, err = store.Put(t.Context(), "state", make([]byte, 3<<20), nil, version)
	explains(t, err, "", full)
	if all := names(t, store, "", ""); !slices.Equal(all, []string{"state"}) {
		t.Errorf("listed %q", all)
	}
	if content, info := read(t, store, "state"); string(content) != "old" || info.Version != version || info.Metadata["n"] != "1" {
		t.Errorf("%q, %+v", content, info)
	}
	// What failed has left nothing, so that there is space again.
	wants(t, "commit", create(t, store, "large", make([]byte, 3<<19), nil), nil)

	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("mount: %v", err)
	}
	const readOnly = "is on a file system that can only be read"
	_, err = store.Create(t.Context(), "new")
	explains(t, err, "", dir+" "+readOnly)
	_, err = store.Put(t.Context(), "state", nil, nil, version)
	explains(t, err, "", dir+" "+readOnly)
	_, err = store.Lease(t.Context(), "l", minTerm)
	explains(t, err, "", dir+" "+readOnly)
	explains(t, store.Delete(t.Context(), "state"), "", dir+" "+readOnly)
	if content, _ := read(t, store, "state"); string(content) != "old" {
		t.Errorf("%q", content)
	}
}
