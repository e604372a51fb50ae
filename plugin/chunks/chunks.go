// Package chunks tells how much room there is for Fluent Bit's chunks.
//
// Fluent Bit counts records before it writes them to a chunk, and when a chunk
// can't grow because the disk is full, it drops what it was to take and says so
// only in its log (src/flb_input_chunk.c, input_chunk_append_raw). So what
// would not fit must not be handed over.
//
// storage.path can't be asked for. But chunks are open files of the process,
// PATH/INPUT/NUMBERS.flb (lib/chunkio), from when they are made until an output
// has had its first try, and a chunk that is not there yet loses nothing: where
// it can't be made, nothing is counted.
package chunks

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Disk is the one that the chunks of this process are on. The zero Disk does
// not know it yet.
type Disk struct {
	dir   string
	looks int
	next  time.Time // not looked for before
}

// A look for chunks takes half a millisecond with a hundred open files. There
// may never be one, so after some looks there is a pause before each.
const (
	eager = 50
	pause = time.Second
)

// Free returns how many bytes each of so many inputs can have written, as all
// may do so at once; false while no chunk is known to be a file.
func (d *Disk) Free(now time.Time, inputs int) (bytes int64, ok bool) {
	if d.dir == "" && !now.Before(d.next) {
		d.look(now)
	}
	if d.dir == "" {
		return 0, false
	}
	bytes, ok = free(d.dir)
	if !ok {
		*d = Disk{} // the input's folder is gone
	}
	return bytes / int64(max(inputs, 1)), ok
}

func (d *Disk) look(now time.Time) {
	d.dir = find(openFiles)
	if d.looks++; d.looks >= eager {
		d.next = now.Add(pause)
	}
}

// openFiles is Linux' folder of links to the files that this process has open.
const openFiles = "/proc/self/fd"

// find returns the folder of a chunk that is among the links of dir.
func find(dir string) string {
	links, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	for _, link := range links {
		file, err := os.Readlink(filepath.Join(dir, link.Name()))
		if err == nil && strings.HasSuffix(file, ".flb") {
			return filepath.Dir(file)
		}
	}
	return ""
}
