// Package check compares the records that a client delivered with those that the
// service published: which are lost, repeated, changed or made up.
package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// Published is what a service has published so far.
type Published interface {
	// Contains reports whether a record with that content was published.
	Contains(Digest) bool
	// Stub returns the digest of the published record that a client delivered the
	// first fields of, because it is too large. The members of the record that the
	// Digester ignores do not count.
	Stub(record []byte, d *Digester) (Digest, bool)
	// Each calls do for every published record. The Record is valid during the call.
	Each(do func(Digest, *Record))
}

// Record is a published record.
type Record struct {
	Place
	Copies   int  // how often the service contains it
	Expected bool // a client can have received it by now
	Expired  bool // the blob can no longer be downloaded

	Text func() (text, id string) // the record as JSON, and its Id
}

// Options describe how records are delivered.
type Options struct {
	Dedup  bool     // duplicates are delivered once, not as often as they are published
	Ignore []string // members that the way of delivery adds to each record, such as "date"
}

// Checker compares a stream of delivered records with the published ones. It keeps
// 16 bytes of each. It is for one goroutine at a time.
type Checker struct {
	published Published
	opt       Options
	digester  Digester
	seen      map[Digest]int32
	unknown   map[string][]string // texts of the first deliveries that are not known, by Id
	unknowns  map[string]int      // how many there are, by Id
	texts     int
	report    Report
}

// New begins a comparison.
func New(published Published, opt Options) *Checker {
	return &Checker{
		published: published,
		opt:       opt,
		digester:  Digester{Ignore: opt.Ignore},
		seen:      map[Digest]int32{},
		unknown:   map[string][]string{},
		unknowns:  map[string]int{},
	}
}

// AddLines adds records, one a line. It fails if they cannot be read.
func (k *Checker) AddLines(r io.Reader) error {
	lines := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			k.Add(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("delivered records: %w", err)
		}
	}
}

// Add adds one delivered record, as JSON.
func (k *Checker) Add(record []byte) {
	k.report.Delivered++
	sum, id, err := k.digester.Digest(record)
	if err != nil || len(record) == 0 || record[0] != '{' {
		k.report.Invalid++
		k.report.example(Example{What: "invalid", Got: fmt.Sprintf("%.300s", record)})
		return
	}
	if k.published.Contains(sum) {
		k.seen[sum]++
		return
	}
	if sum, ok := k.published.Stub(record, &k.digester); ok {
		k.seen[sum]++
		k.report.Stubs++
		return
	}
	k.unknowns[id]++
	if k.texts < maxExamples {
		k.texts++
		k.unknown[id] = append(k.unknown[id], string(record))
	}
}

// Report compares what was added with what was published by now, so stop live
// production and let the client finish first. More can be added afterwards, and
// another report made.
func (k *Checker) Report() Report {
	r := k.report
	r.Types = map[string]Count{}
	r.Examples = slices.Clone(r.Examples)
	unknowns := maps.Clone(k.unknowns)
	k.published.Each(func(sum Digest, published *Record) {
		got, want := int(k.seen[sum]), 0
		if published.Expected {
			want = 1
			if !k.opt.Dedup {
				want = published.Copies
			}
		}
		n := r.Types[published.Type]
		r.Expected += want
		n.Expected += want
		switch {
		case got < want:
			k.missing(&r, &n, published, unknowns, want-got)
		case got > max(want, 1) || want > 0 && got > want:
			r.Repeated += got - max(want, 1)
			n.Repeated += got - max(want, 1)
			r.example(Example{What: "repeated", Place: published.Place})
		}
		r.Types[published.Type] = n
	})
	for id, n := range unknowns {
		r.Unexpected += n
		for _, text := range k.unknown[id] {
			if n > 0 {
				r.example(Example{What: "unexpected", Got: text})
			}
		}
	}
	return r
}

// missing counts a record of which so many deliveries are missing: as changed as
// long as there are unknown deliveries with its Id, else as lost.
func (k *Checker) missing(r *Report, n *Count, published *Record, unknowns map[string]int, missing int) {
	text, id := published.Text()
	for range missing {
		e := Example{What: "lost", Place: published.Place, Want: text}
		if unknowns[id] > 0 {
			unknowns[id]--
			r.Changed++
			n.Changed++
			e.What = "changed"
			if texts := k.unknown[id]; len(texts) > 0 {
				e.Got = texts[0]
			}
		} else {
			r.Lost++
			n.Lost++
			if published.Expired {
				r.Expired++
			}
		}
		r.example(e)
	}
}
