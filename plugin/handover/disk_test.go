package handover

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestDiskFree(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("links to open files are Linux'")
	}
	var d Disk
	now := time.Now()
	if _, ok := d.Free(now, 1); ok {
		t.Fatal("a disk is known before there is a chunk")
	}
	dir := filepath.Join(t.TempDir(), "o365.0")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	chunk, err := os.Create(filepath.Join(dir, "1-2.3.flb"))
	if err != nil {
		t.Fatal(err)
	}
	defer chunk.Close()
	if bytes, ok := d.Free(now, 1); !ok || bytes <= 0 {
		t.Errorf("%d bytes free, %t", bytes, ok)
	}
	one, _ := d.Free(now, 1)
	if four, ok := d.Free(now, 4); !ok || four > one/3 { // others write there too
		t.Errorf("%d bytes free for each of four inputs, %d for one", four, one)
	}
	chunk.Close()
	if bytes, ok := d.Free(now, 1); !ok || bytes <= 0 {
		t.Errorf("%d bytes free, %t when the chunk is closed", bytes, ok)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, ok := d.Free(now, 1); ok {
		t.Error("a disk is known though its folder is gone")
	}
	other := filepath.Join(t.TempDir(), "o365.0")
	if err := os.Mkdir(other, 0o700); err != nil {
		t.Fatal(err)
	}
	chunk, err = os.Create(filepath.Join(other, "1-2.4.flb"))
	if err != nil {
		t.Fatal(err)
	}
	defer chunk.Close()
	if bytes, ok := d.Free(now, 1); !ok || bytes <= 0 || d.folder != other {
		t.Errorf("%d bytes free, %t in %q after a new chunk in %q", bytes, ok, d.folder, other)
	}
}

// A chunk is known by how its name ends.
func TestChunkFolder(t *testing.T) {
	links := t.TempDir()
	if got := chunkFolder(links); got != "" {
		t.Errorf("found %q in an empty folder", got)
	}
	for name, file := range map[string]string{"1": "/var/x.flb.old", "2": "/var/flb", "3": "/var/flb.log/x", "4": "/chunks/o365.0/1-2.3.flb"} {
		if err := os.Symlink(file, filepath.Join(links, name)); err != nil {
			t.Fatal(err)
		}
	}
	if got := chunkFolder(links); got != "/chunks/o365.0" {
		t.Errorf("found %q", got)
	}
}

// While chunks are in memory, not every tick searches for them.
func TestDiskSearchInterval(t *testing.T) {
	var d Disk
	now := time.Now()
	for range unpacedSearches {
		d.Free(now, 1)
	}
	for range 100 {
		d.Free(now.Add(searchInterval-1), 1)
	}
	if d.searches != unpacedSearches {
		t.Errorf("%d searches, want %d", d.searches, unpacedSearches)
	}
	if d.Free(now.Add(searchInterval), 1); d.searches != unpacedSearches+1 {
		t.Error("no search after the interval")
	}
}
