package files

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// A file may belong to the user of this process, to root, or to the owner of its folder.
func TestTrusted(t *testing.T) {
	const folderOwner, stranger, user = 4711, 4712, 65534
	own, foreign := t.TempDir(), t.TempDir()
	asRoot := os.Geteuid() == 0
	if asRoot {
		if err := errors.Join(os.Chmod(filepath.Dir(own), 0o755), os.Chown(foreign, folderOwner, -1)); err != nil {
			t.Fatal(err)
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		become(t, user)
		defer become(t, 0)
	}
	for _, tt := range []struct {
		uid    int
		folder string
		want   bool
	}{
		{os.Geteuid(), foreign, true},
		{0, foreign, true},
		{stranger, own, false},
		{stranger, foreign, false},
		{folderOwner, own, false},
		{folderOwner, foreign, asRoot}, // who can make such a folder
		{folderOwner, filepath.Join(foreign, "none"), false},
	} {
		if got := trusted(uint32(tt.uid), filepath.Join(tt.folder, "file")); got != tt.want {
			t.Errorf("of %d in %s: %t", tt.uid, tt.folder, got)
		}
	}
}

// become makes this thread, which is locked, one of another user.
func become(t *testing.T, uid uintptr) {
	t.Helper()
	const same = ^uintptr(0)
	if _, _, err := syscall.RawSyscall(syscall.SYS_SETRESUID, same, uid, same); err != 0 {
		t.Fatal(err)
	}
}
