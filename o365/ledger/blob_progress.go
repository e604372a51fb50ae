package ledger

import (
	"crypto/sha256"
	"math"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// blob is one blob of a change.
type blob struct {
	stream  source.Stream
	id      string // contentId
	key     Key    // of both
	created int64  // Unix seconds
	entry
}

// entry is what memory holds of a blob: 24 bytes with its key.
type entry struct {
	until   uint32 // Unix seconds; it may be forgotten then
	records uint32 // 2*Records, +1 when done
}

func (e entry) progress() Progress {
	return Progress{Records: int(e.records >> 1), Done: e.records&1 == 1}
}

// grow takes d in: what is confirmed stays confirmed.
func (e *entry) grow(d Delivery) {
	through := uint32(min(max(d.Through, 0), math.MaxInt32))
	through = max(through, e.records>>1)
	done := e.records & 1
	if d.Done {
		done = 1
	}
	e.records = through<<1 | done
}

// keepUntil says when nobody will list the blob any more. A contentExpiration
// that is missing or absurd must neither forget it early nor keep it for ever.
func keepUntil(d Delivery, now time.Time) uint32 {
	t := d.Created.Add(listed)
	if d.Created.IsZero() {
		t = now.Add(listed)
	}
	if d.Expires.After(t) {
		t = d.Expires
	}
	if most := now.Add(blobMost); t.After(most) {
		t = most
	}
	return uint32(max(t.Add(blobGrace).Unix(), 0))
}

// blobKey is the same in every run.
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

const day = 24 * 60 * 60

// blobs holds the entries by the day they are forgotten on: a map never gives
// memory back, so a whole day's map goes at once.
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

// set adds or replaces; until of a known blob never changes.
func (b *blobs) set(k Key, e entry) {
	end := (int64(e.until)/day + 1) * day
	for _, d := range *b {
		if d.end == end {
			d.entries[k] = e
			return
		}
	}
	*b = append(*b, blobDay{end, map[Key]entry{k: e}})
}

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
