package cloud

import (
	"iter"
	"regexp"
)

var contentID = regexp.MustCompile(`^\d{23}\$\d{23}\$[a-z_]+\$[A-Za-z_]+\$[a-z]+\d+$`)

func (c *Cloud) audit(k *call) error {
	id := k.r.PathValue("id")
	c.mu.Lock()
	c.advance()
	b, now := k.tenant.blobs[id], c.Now()
	var body *body
	if b != nil {
		body = b.body
	}
	c.mu.Unlock()
	switch {
	case !contentID.MatchString(id):
		return refusef("AF20052", "Content ID %s in the URL is invalid.", id)
	case b == nil || now.Before(b.listed):
		return refusef("AF20050", "The specified content (%s) does not exist.", id)
	case !now.Before(b.expires):
		return refusef("AF20051", "Content requested with the key %s has already expired. Content older than 7 days cannot be retrieved.", id)
	}
	from := 0
	if k.param("part") == "2" {
		from = b.about() / 2
	}
	k.w.Header().Set("Content-Type", b.mediaType())
	var sum Digest
	k.planted, sum = c.plant(k, b)
	var err error
	if body != nil && from == 0 && k.fault == nil && k.takesGzip() {
		err = k.writeStored(body)
	} else {
		err = c.writeBody(k, array(b.texts(from)), b.about()-from)
	}
	if err != nil {
		return nil // it did not all reach the client
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.account.blob(b.served > 0, from > 0)
	if from == 0 {
		b.served++
		c.sent(sum)
	}
	return nil
}

// mediaType is JSON's, for most blobs.
func (b *blob) mediaType() string {
	if b.number%4 == 3 {
		return "application/octet-stream"
	}
	return jsonType
}

// about tells how many records the blob has, or nearly.
func (b *blob) about() int {
	if b.size > 0 {
		return int(b.size/1300) + 1
	}
	return b.count
}

// records makes the blob's records from index from on. A text is good until the
// next one.
func (b *blob) records(from int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		m := newMaker()
		i, size := from, int64(0)
		if b.size > 0 {
			i = 0 // how far it goes depends on the length of all records
		}
		for ; b.size > 0 && size < b.size || b.size == 0 && i < b.count; i++ {
			text := b.record(m, i)
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

// array puts brackets around elements and commas between them. A piece is good
// until the next one.
func array[T []byte | string](elements iter.Seq[T]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		piece := []byte{'['}
		for e := range elements {
			piece = append(piece, e...)
			if !yield(piece) {
				return
			}
			piece = append(piece[:0], ',')
		}
		if piece[0] == ',' {
			piece = piece[:0]
		}
		yield(append(piece, ']'))
	}
}

// record makes the record at an index: its own, or the one of an earlier blob
// that it repeats.
func (b *blob) record(m *maker, i int) []byte {
	source, i := b.source(m, i)
	return m.make(source.series, source, i)
}

// source follows a planted duplicate to the blob and index that it repeats.
func (b *blob) source(m *maker, i int) (*blob, int) {
	share := b.series.opt.Duplicates
	for share > 0 && b.number > 0 {
		m.seed(b.series.key^0x5bd1e995, b.number, i)
		if m.Float64()*100 >= share {
			break
		}
		earlier := b.earlier[b.number-1-m.IntN(min(b.number, 50))]
		if earlier.about() == 0 {
			break
		}
		b, i = earlier, m.IntN(max(1, earlier.about()*3/4))
	}
	return b, i
}
