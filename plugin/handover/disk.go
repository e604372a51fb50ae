package handover

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Disk is the disk on which Fluent Bit keeps its chunks. The zero Disk has not
// found it yet.
//
// Fluent Bit counts records before it writes them to a chunk. If a chunk cannot
// grow because the disk is full, its records are dropped, which only Fluent
// Bit's log reports (src/flb_input_chunk.c, input_chunk_append_raw, 2.2.0 to
// 5.1.1). So a batch that would not fit must not be handed over.
//
// Plugins cannot read the option storage.path. But a chunk is an open file of
// the process, PATH/INPUT/NUMBERS.flb (lib/chunkio), from its first record until
// an output has tried once to deliver it. A full disk on which there is no chunk
// yet loses nothing: the chunk cannot be created, so nothing is counted.
type Disk struct {
	folder     string // of an input's chunks; empty while unknown
	searches   int
	nextSearch time.Time // no search before
}

// A search for chunks takes half a millisecond with a hundred open files. If
// chunks are in memory it never succeeds, so after the first ones there is an
// interval between two searches.
const (
	unpacedSearches = 50
	searchInterval  = time.Second
)

// Free returns the free space in bytes that each of so many inputs may fill if
// all of them write at once. It returns false while no chunk is known to be a
// file.
func (d *Disk) Free(now time.Time, inputs int) (bytes int64, ok bool) {
	if d.folder == "" && !now.Before(d.nextSearch) {
		d.search(now)
	}
	if d.folder == "" {
		return 0, false
	}
	bytes, ok = freeSpace(d.folder)
	if !ok {
		*d = Disk{} // the input's folder is gone
	}
	return bytes / int64(max(inputs, 1)), ok
}

func (d *Disk) search(now time.Time) {
	d.folder = chunkFolder(openFiles)
	if d.searches++; d.searches >= unpacedSearches {
		d.nextSearch = now.Add(searchInterval)
	}
}

// openFiles is Linux' folder of links to the files that this process has open.
const openFiles = "/proc/self/fd"

// chunkFolder returns the folder of the first chunk among the links in a
// folder, empty if there is none.
func chunkFolder(links string) string {
	entries, err := os.ReadDir(links)
	if err != nil {
		return ""
	}
	for _, entry := range entries {
		file, err := os.Readlink(filepath.Join(links, entry.Name()))
		if err == nil && strings.HasSuffix(file, ".flb") {
			return filepath.Dir(file)
		}
	}
	return ""
}
