package delivery

import (
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
)

// doubt is what a download had that is no part of an item: data that is no JSON behind
// the array, or an error object there. It may be damage of this download, in place of
// records, or the item may be like that.
type doubt struct {
	loose    int              // elements in doubt
	first    record.Malformed // of them
	elements int              // in all that is read, the last one in doubt excluded
}

// add takes a malformed element, and reports whether it is in doubt.
func (d *doubt) add(bad *record.Malformed) bool {
	if !bad.Loose {
		return false
	}
	if d.loose == 0 {
		d.first = *bad
	}
	d.loose++
	return true
}

// same reports whether two downloads say the same: as many elements, of which as many
// are in doubt, the first at the same position. Its text may differ, such as by the
// time in an error.
func (d doubt) same(other doubt) bool {
	return d.loose == other.loose && d.elements == other.elements && d.first.Index == other.first.Index
}

// confirm is called at the end of a download. What is in doubt counts as malformed
// where the download before had the same, and is an error otherwise.
func (f *findings) confirm(d doubt, m *metrics.Stream) error {
	before := f.doubt
	f.doubt = d
	switch {
	case d.loose == 0:
		return nil
	case !d.same(before):
		return fmt.Errorf("%d elements are not in the array of records (%v); all records are taken, and it is downloaded again to see whether that is all of it",
			d.loose, &d.first)
	}
	if f.malformed == 0 || d.first.Index < f.first.Index {
		f.first = d.first
	}
	f.malformed += d.loose
	m.Malformed.Add(d.loose)
	return nil
}
