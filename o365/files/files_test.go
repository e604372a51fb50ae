package files

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// kinds makes the kinds of files that can be where a regular one is expected. Those
// that need rights which this user lacks are missing.
func kinds(t *testing.T) func(name string) string {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	listener, err := net.Listen("unix", at("socket"))
	for _, err := range []error{
		err,
		os.WriteFile(at("file"), []byte("text"), 0o600),
		os.Symlink(at("file"), at("link")),
		os.Symlink(at("link"), at("link to link")),
		os.Symlink(at("none"), at("dangling")),
		os.Symlink(at("loop"), at("loop")),
		os.WriteFile(at("twice"), []byte("text"), 0o600),
		os.Link(at("twice"), at("hard link")),
		syscall.Mkfifo(at("pipe"), 0o600),
		os.Mkdir(at("folder"), 0o700),
		os.Symlink("/dev/zero", at("link to device")),
		os.Symlink(at("pipe"), at("link to pipe")),
		os.WriteFile(at("foreign"), []byte("text"), 0o666),
		os.Mkdir(at("foreign folder"), 0o777),
		os.WriteFile(at("foreign folder/file"), []byte("text"), 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { listener.Close() })
	for _, name := range []string{"foreign", "foreign folder", "foreign folder/file"} {
		if err := os.Chown(at(name), 4711, -1); err != nil {
			os.Remove(at(name))
		}
	}
	if err := syscall.Mknod(at("device"), syscall.S_IFCHR|0o600, 1<<8|5); err != nil { // as /dev/zero
		t.Logf("no device: %v", err)
	}
	return func(name string) string {
		path := at(name)
		if _, err := os.Lstat(path); err != nil && name != "none" {
			t.Skipf("this machine lets nobody make the file %q: %v", name, err)
		}
		return path
	}
}

func TestRead(t *testing.T) {
	kind := kinds(t)
	for _, tt := range []struct {
		name string
		most int64
		want string
		err  error
	}{
		{"file", 4, "text", nil},
		{"link", 100, "text", nil},
		{"link to link", 100, "text", nil},
		{"hard link", 100, "text", nil},
		{"foreign", 100, "text", nil},
		{"file", 3, "", ErrTooLarge},
		{"none", 100, "", syscall.ENOENT},
		{"dangling", 100, "", syscall.ENOENT},
		{"loop", 100, "", syscall.ELOOP},
		{"folder", 100, "", syscall.EISDIR},
		{"pipe", 100, "", ErrNotRegular},
		{"link to pipe", 100, "", ErrNotRegular},
		{"socket", 100, "", ErrNotRegular},
		{"device", 100, "", ErrNotRegular},
		{"link to device", 100, "", ErrNotRegular},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := kind(tt.name)
			text, err := Read(path, tt.most)
			if string(text) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v", text, err)
			}
			if err != nil && strings.Contains(err.Error(), filepath.Dir(path)) {
				t.Errorf("the path is in %v", err)
			}
		})
	}
}

func TestOpenOwn(t *testing.T) {
	kind := kinds(t)
	for _, tt := range []struct {
		name string
		err  error
	}{
		{"file", nil},
		{"foreign folder/file", nil},
		{"none", nil}, // is created
		{"link", ErrLink},
		{"dangling", ErrLink},
		{"loop", ErrLink},
		{"link to device", ErrLink},
		{"hard link", ErrHardLink},
		{"twice", ErrHardLink},
		{"foreign", ErrOwner},
		{"folder", syscall.EISDIR},
		{"pipe", ErrNotRegular},
		{"socket", ErrNotRegular},
		{"device", ErrNotRegular},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := kind(tt.name)
			if err := CheckOwn(path); !errors.Is(err, tt.err) {
				t.Errorf("the check gives %v", err)
			}
			f, err := OpenOwn(path)
			if err == nil {
				f.Close()
			}
			if !errors.Is(err, tt.err) || err != nil && strings.Contains(err.Error(), filepath.Dir(path)) {
				t.Errorf("got %v", err)
			}
		})
	}
	info, err := os.Lstat(kind("none"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("made with %v, %v", info.Mode(), err)
	}
}
