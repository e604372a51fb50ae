package api

import (
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

// recordIndex is the place of every published record, by its digest. It is made
// when it is first needed, and grows with the series.
type recordIndex struct {
	places  map[check.Digest]place
	indexed map[*series]int // blobs of each that are in the index
}

// place is where a record is; of a repeated record, where it was listed first.
type place struct {
	blob     *blob
	index    int32
	copies   int32
	inserted *insertedRecord // by a fault, else nil
}

// expected reports whether a client can have the record by now.
func (p place) expected(now time.Time) bool {
	return p.blob.expected(now) && (p.inserted == nil || p.inserted.served)
}

// text makes the record, and its Id.
func (p place) text(g *content.Generator, d *check.Digester) (text, id string) {
	if r := p.inserted; r != nil {
		return r.text, r.id
	}
	record := p.blob.record(g, int(p.index))
	_, id, _ = d.Digest(record)
	return string(record), id
}

// updateIndex adds the newest blobs to the index. The caller holds c.mu.
func (c *Service) updateIndex() {
	c.advance()
	x := &c.index
	if x.places == nil {
		x.places, x.indexed = map[check.Digest]place{}, map[*series]int{}
	}
	var d check.Digester
	for _, s := range c.series {
		for _, b := range s.blobs[x.indexed[s]:] {
			if s.tenant.blobs[b.id] == b {
				x.add(b, &d)
			}
		}
		x.indexed[s] = len(s.blobs)
	}
}

func (x *recordIndex) add(b *blob, d *check.Digester) {
	for i, text := range b.records(0) {
		sum, _, err := d.Digest(text)
		if err != nil {
			panic("the simulation made a bad record: " + err.Error())
		}
		p, again := x.places[sum]
		if !again || b.listed.Before(p.blob.listed) {
			p.blob, p.index = b, int32(i)
		}
		p.copies++
		x.places[sum] = p
	}
}
