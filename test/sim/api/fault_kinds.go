package api

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The kinds of faults. A number such as "503" is a kind as well: an answer with
// that status, with Text or a gateway's HTML page as its body.
const (
	Throttle     = "AF429"        // HTTP 403 with AF429
	Internal     = "AF50000"      // HTTP 500 with AF50000
	Unauthorized = "unauthorized" // HTTP 401, as for a stale token
	Refuse       = "refuse"       // HTTP 400 with the AF code in Text
	Reset        = "reset"        // the connection is reset before any answer
	Redirect     = "redirect"     // HTTP 302 to the same path on the host in Text
	Hang         = "hang"         // no answer for Delay, or until the client gives up

	// These happen to the body of a good answer, after the share At of it.
	ResetBody = "reset-body" // the connection is reset
	Abort     = "abort"      // the connection ends without the last chunk
	Truncate  = "truncate"   // the connection ends before Content-Length
	Cut       = "cut"        // the answer ends well, its JSON does not
	CutGzip   = "cut-gzip"   // the answer ends well, its gzip stream does not
	Stall     = "stall"      // nothing more comes for Delay, or until the client gives up; then as Abort
	Slow      = "slow"       // Delay between any two records
	Drip      = "drip"       // Delay between any two bytes
	Flood     = "flood"      // Text again and again, Size bytes of it, is the body
	Headers   = "headers"    // the answer is good but for its Header
	Insert    = "insert"     // Text stands among the records, as an element of its own
	Elements  = "elements"   // Text stands among the records Size times, as elements of their own; # in it becomes the number of each
	Lines     = "lines"      // the elements of the body stand one a line, without an array around them
	Arrays    = "arrays"     // the body is two arrays, the second behind the share At of the elements
	Behind    = "behind"     // Text stands behind the body; a NUL if it is empty
	Mark      = "mark"       // a byte order mark stands before the body
	Empty     = "empty"      // the answer is good but for its body, which is empty
	Huge      = "huge"       // a record of Size bytes stands among the records
	SameID    = "same-id"    // a record with the Id of another one and other content stands among the records: of the same blob; of another content type if Text is "type"; of another tenant if it is "tenant"

	NextPageElsewhere = "next-page-elsewhere" // the NextPageUri names the host in Text
	ContentElsewhere  = "content-elsewhere"   // the contentUris name the host in Text
)

// Texts for Insert: elements that are not records.
const (
	Number    = `42`
	BadJSON   = `{"Id":"00000000-0000-4000-8000-000000000000","Operation":tru}`
	Truncated = `{"Id":"00000000-0000-4000-8000-000000000000","Operation":"Fi`
)

// Fault is something that goes wrong with some requests. Its fields narrow down
// which; the first of the faults that fits a request happens to it.
type Fault struct {
	Kind   string `json:"kind"`
	Op     string `json:"op,omitempty"`     // start, stop, list, content, audit, notifications or names
	Tenant string `json:"tenant,omitempty"` // directory id
	Type   string `json:"type,omitempty"`   // content type
	Match  string `json:"match,omitempty"`  // part of the path or query

	Probability float64 `json:"probability,omitempty"` // 0 is always
	Tries       int     `json:"tries,omitempty"`       // only the first so many tries of a request that is hit, and all of them; 0 each try anew
	Skip        int     `json:"skip,omitempty"`        // requests that fit and are spared at first
	Times       int     `json:"times,omitempty"`       // how often at most; 0 without limit

	Size       int64    `json:"size,omitempty"` // of the body of Flood and of statuses and of the record of Huge, in bytes; how many Elements
	At         float64  `json:"at,omitempty"`   // share of the body that is sent, 0 to 1; 0 is random
	Text       string   `json:"text,omitempty"`
	Delay      Duration `json:"delay,omitzero"`
	RetryAfter int      `json:"retry_after,omitempty"` // seconds

	// Header replaces fields of the answer, whatever kind it is. A Date may be
	// given as a duration, such as -216h, from the service's time, and a NextPageUri
	// as "self", or as "unknown": that page is refused (AF20031).
	Header map[string]string `json:"header,omitempty"`
}

// Duration is a time.Duration that is written like 1m30s in JSON.
type Duration struct{ time.Duration }

// MarshalJSON writes d as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a string such as "1m30s".
func (d *Duration) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	var err error
	d.Duration, err = time.ParseDuration(s)
	return err
}

// ParseFaults reads a JSON array of faults. It fails for an unknown kind or member.
func ParseFaults(r io.Reader) ([]Fault, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	var list []Fault
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("faults: %w", err)
	}
	for _, f := range list {
		if _, err := strconv.Atoi(f.Kind); err != nil && !slices.Contains(kinds, f.Kind) {
			return nil, fmt.Errorf("faults: kind %q is none of %s or an HTTP status", f.Kind, strings.Join(kinds, ", "))
		}
	}
	return list, nil
}

var kinds = []string{
	Throttle, Internal, Unauthorized, Refuse, Redirect, Reset, Hang,
	ResetBody, Abort, Truncate, Cut, CutGzip, Stall, Slow, Drip, Flood, Headers, Insert, Elements, Huge, SameID,
	Lines, Arrays, Behind, Mark, Empty,
	NextPageElsewhere, ContentElsewhere,
}

// Flaky makes a share of all requests, 0 to 1, fail the first time they are made,
// in the ways that a remote service fails.
func Flaky(share float64) []Fault {
	kinds := []string{"503", "500", "504", "408", "429", Throttle, Internal, Reset, Abort, Truncate, CutGzip}
	list := make([]Fault, len(kinds))
	for i, kind := range kinds {
		// Each fault sees only what those before it let pass.
		rest := float64(len(kinds))/share - float64(i)
		list[i] = Fault{Kind: kind, Tries: 1, Probability: 1 / rest}
	}
	return list
}
