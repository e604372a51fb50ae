package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const precious = "precious"

// obstacles are what may lie where a file of the ledger is to be.
var obstacles = map[string]func(path, victim string) error{
	"link":         func(path, victim string) error { return os.Symlink(victim, path) },
	"link to none": func(path, victim string) error { return os.Symlink(victim+".none", path) },
	"link loop":    func(path, _ string) error { return os.Symlink(path, path) },
	"hard link":    func(path, victim string) error { return os.Link(victim, path) },
	"pipe":         func(path, _ string) error { return syscall.Mkfifo(path, 0o600) },
	"folder":       func(path, _ string) error { return os.Mkdir(path, 0o700) },
	"link to zero": func(path, _ string) error { return os.Symlink("/dev/zero", path) },
	"device":       func(path, _ string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|5) },
	"other text":   func(path, _ string) error { return os.WriteFile(path, []byte(precious), 0o600) },
	"other owner": func(path, _ string) error {
		return errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, 4711, -1), os.Chmod(path, 0o666))
	},
	"socket": func(path, _ string) error {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err == nil {
			l.SetUnlinkOnClose(false)
			l.Close()
		}
		return err
	},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, path, want string) {
	t.Helper()
	if text, err := os.ReadFile(path); err != nil || string(text) != want {
		t.Errorf("%s has %q now, %v", filepath.Base(path), text, err)
	}
}

// ended fails the test when open does not come to an end.
func ended(t *testing.T, path string, opt Options) (*Ledger, error) {
	t.Helper()
	type result struct {
		*Ledger
		error
	}
	opened := make(chan result, 1)
	go func() {
		l, err := tryOpen(path, opt)
		opened <- result{l, err}
	}()
	select {
	case r := <-opened:
		if r.error == nil {
			t.Cleanup(func() { r.Close() })
		}
		return r.Ledger, r.error
	case <-time.After(30 * time.Second):
		t.Fatal("it hangs")
		return nil, nil
	}
}

// Whatever lies there, nothing is overwritten that is not the ledger's, nothing
// hangs, and one line has which file is wrong and what to do.
func TestObstacles(t *testing.T) {
	for _, suffix := range []string{"", ".lock", "-journal", "-wal", "-shm"} {
		for name, put := range obstacles {
			t.Run("db"+suffix+", "+name, func(t *testing.T) {
				dir := t.TempDir()
				path, victim := filepath.Join(dir, "o365.db"), filepath.Join(dir, "victim")
				must(t, os.WriteFile(victim, []byte(precious), 0o600))
				if suffix != "" {
					open(t, path, Options{}).Close()
					os.Remove(path + suffix)
				}
				if err := put(path+suffix, victim); errors.Is(err, syscall.EPERM) {
					t.Skip(err)
				} else if err != nil {
					t.Fatal(err)
				}
				var log lines
				_, err := ended(t, path, Options{DedupMax: 10, Log: log.log})
				// A link of the state file itself is followed on purpose. What SQLite
				// finds under its own names is SQLite's, if it is this user's.
				followed := suffix == "" && name == "link"
				used := followed || name == "other text" && suffix != ".lock"
				if used != (err == nil) {
					t.Fatalf("got %v", err)
				}
				if err != nil {
					text := err.Error()
					if !strings.HasPrefix(text, fmt.Sprintf("db %q: ", path)) || strings.Count(text, "\n") > 0 {
						t.Errorf("got %v", err)
					}
					if suffix != "" && !strings.Contains(text, path+suffix) {
						t.Errorf("the file is not in: %v", err)
					}
					do := []string{"remove it, or name another file", "remove the link", "name another file", "name a file in it", "in its place", "change its owner"}
					found := false
					for _, d := range do {
						found = found || strings.Contains(text, d)
					}
					if !found {
						t.Errorf("what to do is not in: %v", err)
					}
				}
				switch {
				case followed: // and what it is a link to is no ledger
					aside, _ := filepath.Glob(victim + ".corrupt-*")
					if len(aside) != 1 {
						t.Fatalf("%q, %v", log, aside)
					}
					holds(t, aside[0], precious)
				default:
					holds(t, victim, precious)
				}
				if suffix == ".lock" && name == "other text" {
					holds(t, path+suffix, precious)
				}
				if _, err := os.Lstat(victim + ".none"); err == nil {
					t.Error("the target of the link was made")
				}
			})
		}
	}
}

// Nothing that came beside the file while it was in use is written to either.
func TestObstaclesInUse(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "o365.db"), filepath.Join(dir, "victim")
	must(t, os.WriteFile(victim, []byte(precious), 0o600))
	l := open(t, path, Options{})
	must(t, l.Confirm([]Delivery{delivery(1)}))
	l.store.(*sqliteStore).disconnect() // as after any error
	must(t, errors.Join(os.Remove(path+"-journal"), os.Link(victim, path+"-journal")))
	if err := l.Confirm([]Delivery{delivery(2)}); err == nil || !strings.Contains(err.Error(), path+"-journal has another name too") {
		t.Errorf("got %v", err)
	}
	holds(t, victim, precious)
	must(t, os.Remove(path+"-journal"))
	must(t, l.Confirm([]Delivery{delivery(2)}))
}

// A lock is written to if it is empty, or has what a lock of this plugin has.
func TestLockContent(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		own           bool
	}{
		{"empty", "", true},
		{"own", "pid 4711 on host.example\n", true},
		{"own without newline", "pid 4711 on host", true},
		{"zeros, as a loss of power leaves them", strings.Repeat("\x00", 26), true},
		{"text", precious, false},
		{"a newline", "\n", false},
		{"a number", "4711\n", false},
		{"more lines", "pid 4711 on host\nprecious\n", false},
		{"a long line", "pid 4711 on " + strings.Repeat("x", 300), false},
		{"zeros and text", strings.Repeat("\x00", 300) + "x", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(scratch(t), "o365.db")
			lock := path + ".lock"
			must(t, os.WriteFile(lock, []byte(tt.content), 0o600))
			l, err := tryOpen(path, Options{})
			if err == nil {
				l.Close()
			}
			if tt.own != (err == nil) {
				t.Fatalf("got %v", err)
			}
			if tt.own {
				host, _ := os.Hostname()
				holds(t, lock, fmt.Sprintf("pid %d on %s\n", os.Getpid(), host))
				return
			}
			holds(t, lock, tt.content)
			if !strings.Contains(err.Error(), lock+" is not a lock of this plugin: remove it, or name another file") {
				t.Errorf("got %v", err)
			}
			// Somebody has locked it: what is in it is none of the log's business.
			f, err := os.Open(lock)
			must(t, err)
			defer f.Close()
			must(t, syscall.Flock(int(f.Fd()), syscall.LOCK_EX))
			if _, err := tryOpen(path, Options{}); !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), "precious") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is set aside takes the place of nothing.
func TestSetAsideOverwritesNothing(t *testing.T) {
	for _, suffix := range []string{"", "-journal"} {
		path := filepath.Join(scratch(t), "o365.db")
		must(t, os.WriteFile(path, []byte(strings.Repeat("no database", 100)), 0o600))
		taken := path + ".corrupt-20260301T120000Z" + suffix
		must(t, os.WriteFile(taken, []byte(precious), 0o600))
		_, err := tryOpen(path, Options{Now: at(start)})
		if err == nil || !strings.Contains(err.Error(), taken+" exists already") {
			t.Errorf("got %v", err)
		}
		holds(t, taken, precious)
	}
}

// Whoever runs the host may not write where the option points.
func TestOpenDenied(t *testing.T) {
	dir := scratch(t)
	private := filepath.Join(dir, "private")
	sealed := filepath.Join(dir, "sealed.db")
	if err := errors.Join(os.Chmod(dir, 0o777), os.Mkdir(private, 0o700), os.WriteFile(sealed, nil, 0o400)); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 { // as which everything is allowed
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		become(t, 65534)
		defer become(t, 0)
	} else if err := os.Chmod(private, 0o500); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(private, "o365.db"), sealed} {
		_, err := tryOpen(path, Options{})
		if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "must be able to write") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// become makes this thread, which is locked, one of another user.
func become(t *testing.T, uid uintptr) {
	t.Helper()
	const same = ^uintptr(0)
	if _, _, err := unix.RawSyscall(unix.SYS_SETRESUID, same, uid, same); err != 0 {
		t.Fatal(err)
	}
}
