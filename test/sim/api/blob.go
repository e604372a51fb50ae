package api

import (
	"iter"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

// blob is one content blob. Its records follow from its series and number.
type blob struct {
	series  *series
	number  int
	id      string
	size    int64   // bytes of JSON at least; 0: count limits it
	count   int     // records, if size is 0
	earlier []*blob // the blobs before it in the series, for its duplicates
	created time.Time
	listed  time.Time // when it can be seen in listings
	expires time.Time
	served  int             // times its whole body was sent
	shown   int             // times a listing named it
	body    *compressedBody // nil: made on request
}

// mediaType is JSON's, for most blobs.
func (b *blob) mediaType() string {
	if b.number%4 == 3 {
		return "application/octet-stream"
	}
	return jsonType
}

// estimate is how many records the blob has; of a large one, about how many.
func (b *blob) estimate() int {
	if b.size > 0 {
		return int(b.size/max(1300, b.series.opt.RecordSize)) + 1
	}
	return b.count
}

// records makes the blob's records from an index on. A text is valid until the
// next one.
func (b *blob) records(from int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		g := content.NewGenerator()
		i, size := from, int64(0)
		if b.size > 0 {
			i = 0 // how far it goes depends on the length of all records
		}
		for ; b.size > 0 && size < b.size || b.size == 0 && i < b.count; i++ {
			text := b.record(g, i)
			size += int64(len(text)) + 1
			if i >= from && !yield(i, text) {
				return
			}
		}
	}
}

// texts makes the blob's records as strings of JSON.
func (b *blob) texts(from int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, text := range b.records(from) {
			if !yield(text) {
				return
			}
		}
	}
}

// record makes the record at an index: its own, or the one of an earlier blob
// that it repeats. The text is valid until g makes the next one.
func (b *blob) record(g *content.Generator, i int) []byte {
	source, i := b.source(g, i)
	return g.Record(content.Blob{
		Key: source.series.key, Tenant: source.series.tenant.id, Type: source.series.typ,
		Number: source.number, Created: source.created, RecordSize: int(source.series.opt.RecordSize),
	}, i)
}

// source follows a duplicate to the blob and index that it repeats.
func (b *blob) source(g *content.Generator, i int) (*blob, int) {
	share := b.series.opt.Duplicates
	for share > 0 && b.number > 0 {
		g.Seed(b.series.key^0x5bd1e995, b.number, i)
		if g.Float64()*100 >= share {
			break
		}
		earlier := b.earlier[b.number-1-g.IntN(min(b.number, 50))]
		if earlier.estimate() == 0 {
			break
		}
		b, i = earlier, g.IntN(max(1, earlier.estimate()*3/4))
	}
	return b, i
}
