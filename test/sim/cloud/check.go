package cloud

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
)

// CheckOptions say what a delivery should look like.
type CheckOptions struct {
	Dedup  bool     // planted duplicates are to come once, not as often as they are served
	Ignore []string // members that the way of delivery adds to each record, such as "date"
}

// Report is the difference between a delivery and the truth.
type Report struct {
	Expected   int `json:"expected"`
	Delivered  int `json:"delivered"`
	Lost       int `json:"lost"`       // expected and not delivered, in no form
	Expired    int `json:"expired"`    // of the lost: cannot be had any more
	Repeated   int `json:"repeated"`   // deliveries beyond the first, or beyond the number of planted duplicates
	Changed    int `json:"changed"`    // delivered under the Id of a record that is missing, with other content
	Unexpected int `json:"unexpected"` // neither expected nor the change of a missing record
	Invalid    int `json:"invalid"`    // no JSON object
	Stubs      int `json:"stubs"`      // first fields of a planted record, which count as the record

	Types    map[string]Count `json:"types"` // by content type
	Examples []Example        `json:"examples,omitempty"`
}

// Count is the part of a Report for one content type.
type Count struct {
	Expected int `json:"expected"`
	Lost     int `json:"lost"`
	Repeated int `json:"repeated"`
	Changed  int `json:"changed"`
}

// Example is one difference, to find its cause by.
type Example struct {
	What      string `json:"what"` // lost, repeated, changed, unexpected, invalid
	Tenant    string `json:"tenant,omitempty"`
	Type      string `json:"type,omitempty"`
	ContentID string `json:"content_id,omitempty"`
	Index     int    `json:"index,omitempty"`
	Shown     int    `json:"shown,omitempty"`  // times the blob was in a listing
	Served    int    `json:"served,omitempty"` // times the blob was served whole
	Want      string `json:"want,omitempty"`
	Got       string `json:"got,omitempty"`
}

const maxExamples = 10 // of each kind

// OK tells whether everything arrived once and as it was.
func (r Report) OK() bool {
	return r.Lost == 0 && r.Repeated == 0 && r.Changed == 0 && r.Unexpected == 0 && r.Invalid == 0
}

func (r Report) String() string {
	s := fmt.Sprintf("expected %d, delivered %d: lost %d (expired %d), repeated %d, changed %d, unexpected %d, invalid %d",
		r.Expected, r.Delivered, r.Lost, r.Expired, r.Repeated, r.Changed, r.Unexpected, r.Invalid)
	for _, e := range r.Examples {
		s += fmt.Sprintf("\n%s: %s %s[%d] shown %d served %d", e.What, e.Type, e.ContentID, e.Index, e.Shown, e.Served)
		if e.Want != "" {
			s += "\n  want " + e.Want
		}
		if e.Got != "" {
			s += "\n  got  " + e.Got
		}
	}
	return s
}

// Checker compares a stream of delivered records with the truth. It keeps 16
// bytes of each.
type Checker struct {
	cloud   *Cloud
	opt     CheckOptions
	digests digester
	seen    map[Digest]int32
	odd     map[string][]string // deliveries not known, by Id; texts of the first
	odds    map[string]int
	texts   int
	report  Report
}

// Checker begins a comparison.
func (c *Cloud) Checker(opt CheckOptions) *Checker {
	return &Checker{
		cloud:   c,
		opt:     opt,
		digests: digester{ignore: opt.Ignore},
		seen:    map[Digest]int32{},
		odd:     map[string][]string{},
		odds:    map[string]int{},
	}
}

// Check compares delivered records, as JSON, with the truth as of now.
func (c *Cloud) Check(records iter.Seq[[]byte], opt CheckOptions) Report {
	k := c.Checker(opt)
	for record := range records {
		k.Add(record)
	}
	return k.Report()
}

// CheckLines compares a file of records, one a line, with the truth as of now.
func (c *Cloud) CheckLines(r io.Reader, opt CheckOptions) (Report, error) {
	k := c.Checker(opt)
	lines := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			k.Add(line)
		}
		if errors.Is(err, io.EOF) {
			return k.Report(), nil
		}
		if err != nil {
			return Report{}, fmt.Errorf("delivered records: %w", err)
		}
	}
}

// Add takes one delivered record.
func (k *Checker) Add(record []byte) {
	k.report.Delivered++
	sum, id, err := k.digests.digest(record)
	if err != nil || len(record) == 0 || record[0] != '{' {
		k.report.Invalid++
		k.report.example(Example{What: "invalid", Got: fmt.Sprintf("%.300s", record)})
		return
	}
	if k.cloud.knows(sum) {
		k.seen[sum]++
		return
	}
	if sum, ok := k.cloud.stubOf(record, &k.digests); ok {
		k.seen[sum]++
		k.report.Stubs++
		return
	}
	k.odds[id]++
	if k.texts < maxExamples {
		k.texts++
		k.odd[id] = append(k.odd[id], string(record))
	}
}

// knows tells whether a record with that content exists.
func (c *Cloud) knows(sum Digest) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.truth.known[sum]; ok {
		return true
	}
	c.learn()
	_, ok := c.truth.known[sum]
	return ok
}

// Report compares what was added with what can be had by now, so stop live
// production and let the client finish first. More can be added afterwards, and
// another report made. The first look at new content makes all of it once, and
// the service answers nothing meanwhile.
func (k *Checker) Report() Report {
	c := k.cloud
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learn()
	r := k.report
	r.Types = map[string]Count{}
	r.Examples = slices.Clone(r.Examples)
	odds := maps.Clone(k.odds)
	m, now := newMaker(), c.Now()
	for sum, o := range c.truth.known {
		s := o.blob.series
		got, n := int(k.seen[sum]), r.Types[s.typ]
		want := 0
		if o.expected(now) {
			want = 1
			if !k.opt.Dedup {
				want = int(o.copies)
			}
		}
		r.Expected += want
		n.Expected += want
		example := Example{Tenant: s.tenant.id, Type: s.typ, ContentID: o.blob.id, Index: int(o.index), Shown: o.blob.shown, Served: o.blob.served}
		switch {
		case got < want:
			text, id := o.text(m, &k.digests)
			example.Want = text
			for range want - got {
				if odds[id] > 0 {
					odds[id]--
					r.Changed++
					n.Changed++
					example.What = "changed"
					if texts := k.odd[id]; len(texts) > 0 {
						example.Got = texts[0]
					}
				} else {
					r.Lost++
					n.Lost++
					example.What = "lost"
					if !o.blob.expires.After(now) {
						r.Expired++
					}
				}
				r.example(example)
			}
		case got > max(want, 1) || want > 0 && got > want:
			r.Repeated += got - max(want, 1)
			n.Repeated += got - max(want, 1)
			example.What = "repeated"
			r.example(example)
		}
		r.Types[s.typ] = n
	}
	for id, n := range odds {
		r.Unexpected += n
		for _, text := range k.odd[id] {
			if n > 0 {
				r.example(Example{What: "unexpected", Got: text})
			}
		}
	}
	return r
}

// example keeps the first few examples of each kind.
func (r *Report) example(e Example) {
	n := 0
	for _, old := range r.Examples {
		if old.What == e.What {
			n++
		}
	}
	if n < maxExamples {
		r.Examples = append(r.Examples, e)
	}
}
