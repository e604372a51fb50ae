package files

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(at("file"), []byte("text"), 0o600))
	must(os.Symlink(at("file"), at("link")))
	must(os.Symlink(at("link"), at("link to link")))
	must(os.Symlink(at("none"), at("dangling")))
	must(os.Symlink(at("loop"), at("loop")))
	must(syscall.Mkfifo(at("pipe"), 0o600))
	must(os.Mkdir(at("folder"), 0o700))
	l, err := net.Listen("unix", at("socket"))
	must(err)
	defer l.Close()
	for _, tt := range []struct {
		path string
		most int64
		want string
		err  error
	}{
		{at("file"), 4, "text", nil},
		{at("link"), 100, "text", nil},
		{at("link to link"), 100, "text", nil},
		{at("file"), 3, "", ErrTooLarge},
		{at("dangling"), 100, "", syscall.ENOENT},
		{at("none"), 100, "", syscall.ENOENT},
		{at("loop"), 100, "", syscall.ELOOP},
		{at("pipe"), 100, "", ErrNotRegular},
		{at("socket"), 100, "", syscall.ENXIO},
		{at("folder"), 100, "", syscall.EISDIR},
		{"/dev/zero", 100, "", ErrNotRegular},
		{"/dev/null", 100, "", ErrNotRegular},
	} {
		t.Run(tt.path, func(t *testing.T) {
			begun := time.Now()
			text, err := Read(tt.path, tt.most)
			if string(text) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %q, %v", text, err)
			}
			if err != nil && strings.Contains(err.Error(), dir) {
				t.Errorf("the path is in %v", err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("after %v", took)
			}
		})
	}
}
