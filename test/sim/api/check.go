package api

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

// Checker begins a comparison of delivered records with the published ones.
func (c *Service) Checker(opt check.Options) *check.Checker { return check.New(published{c}, opt) }

// Check compares delivered records, as JSON, with those published by now.
func (c *Service) Check(records iter.Seq[[]byte], opt check.Options) check.Report {
	k := c.Checker(opt)
	for record := range records {
		k.Add(record)
	}
	return k.Report()
}

// CheckLines compares a file of records, one a line, with those published by now.
// It fails if the file cannot be read.
func (c *Service) CheckLines(r io.Reader, opt check.Options) (check.Report, error) {
	k := c.Checker(opt)
	if err := k.AddLines(r); err != nil {
		return check.Report{}, err
	}
	return k.Report(), nil
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
			Place:  check.Place{Tenant: b.series.tenant.id, Type: b.series.typ, ContentID: b.id, Index: int(at.index), Shown: b.shown, Served: b.served},
			Copies: int(at.copies), Expected: at.expected(now), Expired: !b.expires.After(now), Text: text,
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
