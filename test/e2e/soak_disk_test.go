package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// soakDisk is the size of a disk in a soak.
const soakDisk = "64m"

// fill fills a disk. Gently, there is less and less room until it is full: Fluent
// Bit counts what it is handed over before it has written it, and drops what finds
// no room (plugin/handover/disk.go), so the plugin can only see a disk that fills,
// not one that is full at once.
func (k *soak) fill(disk string, gently bool) {
	k.t.Helper()
	file, err := os.OpenFile(filler(disk), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(k.t, err)
	defer file.Close()
	block := make([]byte, 32<<10)
	for left := int64(8 << 20); gently && left >= 64<<10; left /= 2 {
		for free, err := freeSpace(disk); err == nil && free > left; free, err = freeSpace(disk) {
			if _, err := file.Write(block); err != nil {
				break
			}
		}
		time.Sleep(time.Second) // four of the plugin's ticks
	}
	for len(block) > 0 {
		if _, err := file.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
}

// unfill makes room again.
func (k *soak) unfill(disk string) {
	k.t.Helper()
	if err := os.Remove(filler(disk)); !errors.Is(err, fs.ErrNotExist) {
		must(k.t, err)
	}
}

func filler(disk string) string { return filepath.Join(disk, "filler") }
