package ledger

import (
	"crypto/sha256"
	"math"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Progress is how much of a blob has been acknowledged.
type Progress struct {
	Records int  // elements of the blob, counted from its start, that need not be delivered again
	Done    bool // the whole blob
}

// blob is one blob of a transaction.
type blob struct {
	stream  source.Stream
	id      string // contentId
	key     Key    // of both
	created int64  // Unix seconds
	entry
}

// entry is what memory holds of a blob: 24 bytes with its key.
type entry struct {
	keepUntil uint32 // Unix seconds; it may be forgotten then
	records   uint32 // 2*Records, +1 when done
}

func (e entry) progress() Progress {
	return Progress{Records: int(e.records >> 1), Done: e.records&1 == 1}
}

// grow adds the progress of d: what was acknowledged stays acknowledged.
func (e *entry) grow(d Delivery) {
	through := uint32(min(max(d.Through, 0), math.MaxInt32))
	through = max(through, e.records>>1)
	done := e.records & 1
	if d.Done {
		done = 1
	}
	e.records = through<<1 | done
}

// blobKey returns the key of a blob, the same in every run.
func blobKey(s source.Stream, contentID string) Key {
	var room [256]byte
	b := append(room[:0], s.Tenant...)
	b = append(b, 0)
	b = append(b, s.ContentType...)
	b = append(b, 0)
	b = append(b, contentID...)
	sum := sha256.Sum256(b)
	return Key(sum[:])
}

const daySeconds = 24 * 60 * 60

// blobs holds the entries by the day they expire on: a map never gives memory
// back, so a whole day's map is dropped at once.
type blobs []blobDay

type blobDay struct {
	end     int64 // Unix seconds
	entries map[Key]entry
}

func (b blobs) get(k Key) (entry, bool) {
	for i := range b {
		if e, ok := b[i].entries[k]; ok {
			return e, true
		}
	}
	return entry{}, false
}

// set adds or replaces an entry; keepUntil of a blob never changes.
func (b *blobs) set(k Key, e entry) {
	end := (int64(e.keepUntil)/daySeconds + 1) * daySeconds
	for _, d := range *b {
		if d.end == end {
			d.entries[k] = e
			return
		}
	}
	*b = append(*b, blobDay{end, map[Key]entry{k: e}})
}

// forget drops the days that have ended before a moment, in Unix seconds.
func (b *blobs) forget(before int64) {
	kept := (*b)[:0]
	for _, d := range *b {
		if d.end > before {
			kept = append(kept, d)
		}
	}
	clear((*b)[len(kept):])
	*b = kept
}
