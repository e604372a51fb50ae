package cloud

import (
	"time"
)

// truth knows the Digest of every record of the blobs it has looked at. It is
// made when somebody first asks, and grows with the series.
type truth struct {
	known map[Digest]origin
	done  map[*series]int // blobs looked at
}

// origin is where a record stands; of a repeated record, where it was listed
// first.
type origin struct {
	blob   *blob
	index  int32
	copies int32

	planted *planted // by a fault, else nil
}

// expected tells whether a client can have the record by now.
func (o origin) expected(now time.Time) bool {
	return o.blob.expected(now) && (o.planted == nil || o.planted.served)
}

// text makes the record, and its Id.
func (o origin) text(m *maker, d *digester) (text, id string) {
	if p := o.planted; p != nil {
		return p.text, p.id
	}
	record := o.blob.record(m, int(o.index))
	_, id, _ = d.digest(record)
	return string(record), id
}

// Expectation sums up what a client with all subscriptions it started can have.
type Expectation struct {
	Blobs    int `json:"blobs"`
	Records  int `json:"records"`  // planted duplicates included; of large blobs, about
	Distinct int `json:"distinct"` // without duplicates; known after the first check

	Bytes int64 `json:"bytes"` // of JSON; of what Store has made
	Wire  int64 `json:"wire"`  // the same, compressed
}

// expected tells whether a client can have a blob by now. Content that a
// listing could never reach, because it was too old when the simulation began,
// is not expected.
func (b *blob) expected(now time.Time) bool {
	s := b.series
	return s.sub.ever && s.tenant.blobs[b.id] == b &&
		!b.listed.After(now) &&
		b.expires.After(s.opt.Start) &&
		!b.created.Before(s.opt.Start.Add(-7*day-s.opt.Grace))
}

// Expect tells what a client can have by now.
func (c *Cloud) Expect() Expectation {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	var e Expectation
	now := c.Now()
	for _, s := range c.series {
		for _, b := range s.listed {
			if b.expected(now) {
				e.Blobs++
				e.Records += b.about()
				if b.body != nil {
					e.Bytes += b.body.size
					e.Wire += int64(len(b.body.gzip))
				}
			}
		}
	}
	for _, o := range c.truth.known {
		if o.expected(now) {
			e.Distinct++
		}
	}
	return e
}

// learn brings the truth up to the newest blob. The caller holds c.mu.
func (c *Cloud) learn() {
	c.advance()
	t := &c.truth
	if t.known == nil {
		t.known, t.done = map[Digest]origin{}, map[*series]int{}
	}
	var d digester
	for _, s := range c.series {
		for _, b := range s.blobs[t.done[s]:] {
			if s.tenant.blobs[b.id] == b {
				t.add(b, &d)
			}
		}
		t.done[s] = len(s.blobs)
	}
}

func (t *truth) add(b *blob, d *digester) {
	for i, text := range b.records(0) {
		sum, _, err := d.digest(text)
		if err != nil {
			panic("the simulation made a bad record: " + err.Error())
		}
		o, again := t.known[sum]
		if !again || b.listed.Before(o.blob.listed) {
			o.blob, o.index = b, int32(i)
		}
		o.copies++
		t.known[sum] = o
	}
}
