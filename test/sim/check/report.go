package check

import "fmt"

// Report is the difference between the records that were delivered and those that
// were published.
type Report struct {
	Expected   int `json:"expected"`
	Delivered  int `json:"delivered"`
	Lost       int `json:"lost"`       // expected and not delivered, in no form
	Expired    int `json:"expired"`    // of the lost: the service has removed them
	Repeated   int `json:"repeated"`   // deliveries beyond the first, or beyond the number of duplicates published
	Changed    int `json:"changed"`    // delivered under the Id of a record that is missing, with other content
	Unexpected int `json:"unexpected"` // neither expected nor the change of a missing record
	Invalid    int `json:"invalid"`    // no JSON object
	Stubs      int `json:"stubs"`      // first fields of an inserted record, which count as the record

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
	What string `json:"what"` // lost, repeated, changed, unexpected, invalid
	Place
	Want string `json:"want,omitempty"` // the record as JSON
	Got  string `json:"got,omitempty"`  // the delivery
}

// Place is where a record was published; of one in several blobs, where it was
// listed first.
type Place struct {
	Tenant    string `json:"tenant,omitempty"`     // directory id
	Type      string `json:"type,omitempty"`       // content type
	ContentID string `json:"content_id,omitempty"` // of the blob
	Index     int    `json:"index,omitempty"`      // in the blob
	Shown     int    `json:"shown,omitempty"`      // times the blob was in a listing
	Served    int    `json:"served,omitempty"`     // times the blob was served whole
}

const maxExamples = 10 // of each kind

// OK reports whether everything arrived once and as it was.
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
