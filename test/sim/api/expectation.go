package api

import "time"

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
