package chunks

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestFree(t *testing.T) {
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
}

// Where chunks are in memory, looking for them must not go on at every tick.
func TestPause(t *testing.T) {
	var d Disk
	now := time.Now()
	for range eager {
		d.Free(now, 1)
	}
	for range 100 {
		d.Free(now.Add(pause-1), 1)
	}
	if d.looks != eager {
		t.Errorf("looked %d times, want %d", d.looks, eager)
	}
	if d.Free(now.Add(pause), 1); d.looks != eager+1 {
		t.Error("did not look again after a pause")
	}
}
