package api

import (
	"bytes"
	"encoding/json"
	"strings"
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

// Expectation is what a client with all subscriptions it started can have.
type Expectation struct {
	Blobs    int `json:"blobs"`
	Records  int `json:"records"`  // duplicates included; of large blobs, about
	Distinct int `json:"distinct"` // without duplicates; known after the first check

	Bytes int64 `json:"bytes"` // of JSON; of what Precompress has made
	Wire  int64 `json:"wire"`  // the same, compressed
}

// expected reports whether a client can have a blob by now. Content that a
// listing could never reach, because it was too old when the simulation began,
// is not expected.
func (b *blob) expected(now time.Time) bool {
	s := b.series
	return s.sub.ever && s.tenant.blobs[b.id] == b &&
		!b.listed.After(now) &&
		b.expires.After(s.opt.Start) &&
		!b.created.Before(s.opt.Start.Add(-7*day-s.opt.Grace))
}

// Expect returns what a client can have by now.
func (c *Service) Expect() Expectation {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	var e Expectation
	now := c.Now()
	for _, s := range c.series {
		for _, b := range s.listed {
			if b.expected(now) {
				e.Blobs++
				e.Records += b.estimate()
				if b.body != nil {
					e.Bytes += b.body.size
					e.Wire += int64(len(b.body.gzip))
				}
			}
		}
	}
	for _, p := range c.index.places {
		if p.expected(now) {
			e.Distinct++
		}
	}
	return e
}

// published is what check.Checker compares a delivery with. Indexing new content
// makes all of it once, and the service answers nothing meanwhile.
type published struct{ *Service }

// Contains reports whether a record with that content exists.
func (p published) Contains(sum check.Digest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.index.places[sum]; ok {
		return true
	}
	p.updateIndex()
	_, ok := p.index.places[sum]
	return ok
}

// Each calls do for every record.
func (p published) Each(do func(check.Digest, *check.Record)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.updateIndex()
	var (
		g, d, now = content.NewGenerator(), check.Digester{}, p.Now()
		sum       check.Digest
		at        place
	)
	text := func() (string, string) { return at.text(g, &d) }
	for sum, at = range p.index.places {
		b := at.blob
		do(sum, &check.Record{
			Tenant: b.series.tenant.id, Type: b.series.typ, ContentID: b.id, Index: int(at.index),
			Listed: b.shown, Served: b.served, Copies: int(at.copies),
			Expected: at.expected(now), Expired: !b.expires.After(now), Text: text,
		})
	}
}

// TooLargeKey is the key under which a client names a record that is too large
// for it, of which it delivers the first fields only.
const TooLargeKey = "o365_record_too_large"

// Stub returns the digest of the inserted record that a client delivered the
// first fields of.
func (p published) Stub(record []byte, d *check.Digester) (sum check.Digest, ok bool) {
	if !bytes.Contains(record, []byte(TooLargeKey)) {
		return sum, false
	}
	var stub struct {
		TooLarge struct {
			Bytes     int    `json:"bytes"`
			ContentID string `json:"content_id"`
			SHA256    string `json:"sha256"`
		} `json:"o365_record_too_large"`
	}
	without := check.Digester{Ignore: append([]string{TooLargeKey}, d.Ignore...)}
	head, _, err := without.Digest(record)
	if err != nil || json.Unmarshal(record, &stub) != nil {
		return sum, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for sum, at := range p.index.places {
		r := at.inserted
		if r != nil && r.stub == head && r.size == stub.TooLarge.Bytes && strings.EqualFold(r.sha256, stub.TooLarge.SHA256) &&
			at.blob.id == stub.TooLarge.ContentID {
			return sum, true
		}
	}
	return sum, false
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
