package storage

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestFolderWriter is no test but the process that TestFolderKilled kills.
func TestFolderWriter(t *testing.T) {
	dir := os.Getenv("STORAGE_WRITER")
	if dir == "" {
		t.Skip("run by TestFolderKilled")
	}
	store := NewFolder(dir)
	for i := 0; ; i++ {
		name := fmt.Sprintf("day/%d", i)
		u := must(store.Create(t.Context(), name))(t)
		for range 4 {
			must(u.Write(bytes.Repeat([]byte{byte(i)}, 100_000)))(t)
		}
		if err := u.Commit(Metadata{"n": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
		info := must(store.Stat(t.Context(), name))(t)
		must(store.Put(t.Context(), "sum", bytes.Repeat([]byte{byte(i)}, 50_000), Metadata{"n": fmt.Sprint(i)}, versionOfSum(t, store)))(t)
		fmt.Println("stored", info.Name)
	}
}

func versionOfSum(t *testing.T, store Store) Version {
	info, _ := store.Stat(t.Context(), "sum")
	return info.Version
}

// TestFolderKilled kills a writer: what it has said is stored is there, and whatever is
// there is whole.
func TestFolderKilled(t *testing.T) {
	exe := must(os.Executable())(t)
	for round := range 8 {
		dir := t.TempDir()
		cmd := exec.CommandContext(t.Context(), exe, "-test.run", "^TestFolderWriter$")
		cmd.Env = append(os.Environ(), "STORAGE_WRITER="+dir)
		out := must(cmd.StdoutPipe())(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, said := bufio.NewScanner(out), 0
		for lines.Scan() {
			if said++; said == 3 {
				time.Sleep(time.Duration(round) * 700 * time.Microsecond) // into the middle of the next
				_ = cmd.Process.Signal(syscall.SIGKILL)
			}
		}
		_ = cmd.Wait()
		if said < 3 {
			t.Fatal("the writer has ended by itself")
		}
		store := NewFolder(dir)
		all := names(t, store, "day/", "")
		if len(all) < said || len(all) > said+1 {
			t.Errorf("%d objects, the writer has said %d", len(all), said)
		}
		for _, name := range all {
			content, info := read(t, store, name)
			if len(content) != 400_000 || info.Metadata["n"] != fmt.Sprint(content[0]) {
				t.Errorf("%+v of %d bytes", info, len(content))
			}
		}
		content, info := read(t, store, "sum")
		if len(content) != 50_000 || info.Metadata["n"] != fmt.Sprint(content[0]) {
			t.Errorf("%+v of %d bytes, first %d", info, len(content), content[0])
		}
		// The next one may write at once, and what was left goes in time.
		wants(t, "create", create(t, store, "day/next", []byte("x"), nil), nil)
		left := must(filepath.Glob(filepath.Join(dir, uploadsFolder, "*")))(t)
		for _, file := range left {
			age(t, file, abandoned+time.Minute)
		}
		wants(t, "create", create(t, NewFolder(dir), "day/last", []byte("x"), nil), nil)
		if left := must(filepath.Glob(filepath.Join(dir, uploadsFolder, "*")))(t); len(left) != 0 {
			t.Errorf("left: %q", left)
		}
	}
}
