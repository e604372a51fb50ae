package health

import (
	"encoding/json"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Kind is what an [Event] is about.
type Kind string

const (
	// Gap: content is lost, since it cannot be downloaded any more.
	Gap Kind = "gap"
	// Recovery: the content of a gap, or of a part of one, came after all.
	Recovery Kind = "gap_recovered"
	// Change: the state of a stream has changed.
	Change Kind = "state"
	// Completeness: how much of one day of a stream is delivered.
	Completeness Kind = "completeness"
)

// Event is what a health record is made of: a change for programs to react to.
type Event struct {
	Time        time.Time
	Kind        Kind
	Tenant      string
	ContentType string

	// Of a Gap the span of contentCreated, of Completeness the day in UTC: from
	// From until before To.
	From, To time.Time
	Reason   string // of a Gap

	// Of a Change; of Completeness State alone.
	State    State
	Previous State
	Since    time.Time     // when State began
	Lasted   time.Duration // of Previous
	Causes   []Cause       // worst first

	Day Day // of Completeness
}

// Day is what an event of the kind Completeness has besides the day itself.
type Day struct {
	Listed     []source.Span // within the day: listed, and everything listed is delivered
	Lost       []source.Span // within the day: no longer available from Microsoft
	Counted    time.Time     // when the counts below began
	Blobs      int64
	Records    int64
	Duplicates int64
	Lag        time.Duration // how far the stream is behind
	Newest     time.Time     // contentCreated of the newest blob delivered; zero: none since the start
}

// healthRecord is the JSON of every kind; a kind leaves out the fields it lacks.
type healthRecord struct {
	CreationTime   string
	Operation      Kind
	Workload       string
	OrganizationId string
	ContentType    string

	Span   *jsonSpan `json:",omitempty"`
	Reason string    `json:",omitempty"`

	State           State       `json:",omitempty"`
	PreviousState   State       `json:",omitempty"`
	Since           string      `json:",omitempty"`
	PreviousSeconds *int64      `json:",omitempty"`
	What            string      `json:",omitempty"`
	Do              string      `json:",omitempty"`
	Detail          string      `json:",omitempty"`
	Others          []jsonCause `json:",omitempty"`

	*dayFields
}

type jsonSpan struct{ From, To string }

type jsonCause struct{ What, Do, Detail string }

type dayFields struct {
	Complete     bool
	Listed       []jsonSpan
	Lost         []jsonSpan
	LostSeconds  int64
	CountedSince string
	Blobs        int64
	Records      int64
	Duplicates   int64
	LagSeconds   int64
	Newest       string `json:",omitempty"`
}

// JSON returns the health record, as a list of one: the form of a content blob.
// All kinds have the fields by which audit records are recognised: CreationTime
// (UTC), Operation (the kind), Workload ("fluent-bit-o365"), OrganizationId (the
// tenant), and ContentType. Further fields of
//
//   - gap: Span (From, To; contentCreated) and Reason;
//   - state: State, PreviousState, Since (when State began), PreviousSeconds
//     (how long the one before was), and of the worst cause What, Do and
//     Detail; further causes are in Others;
//   - completeness: Span (the day), State, Complete (all of the day is listed
//     and delivered but for its last hour, and nothing of it is lost), Listed
//     and Lost (spans within the day), LostSeconds, and since CountedSince
//     Blobs and Records (delivered) and Duplicates (dropped); LagSeconds is
//     how far the stream is behind (the metric lag_seconds), Newest is
//     contentCreated of the newest blob delivered since the start.
//
// Times are UTC in whole seconds, without a zone.
func (e Event) JSON() []byte {
	r := healthRecord{
		CreationTime: timestamp(e.Time), Operation: e.Kind, Workload: "fluent-bit-o365",
		OrganizationId: e.Tenant, ContentType: e.ContentType,
		Reason: e.Reason, State: e.State, PreviousState: e.Previous,
	}
	if !e.From.IsZero() {
		r.Span = &jsonSpan{timestamp(e.From), timestamp(e.To)}
	}
	if e.Kind == Change {
		seconds := int64(e.Lasted.Seconds())
		r.Since, r.PreviousSeconds = timestamp(e.Since), &seconds
	}
	for i, c := range e.Causes {
		if i == 0 {
			r.What, r.Do, r.Detail = c.What, c.Do, c.Detail
		} else {
			r.Others = append(r.Others, jsonCause{c.What, c.Do, c.Detail})
		}
	}
	if e.Kind == Completeness {
		r.dayFields = e.day()
	}
	// Strings, numbers and lists of them only: this can't fail.
	blob, _ := json.Marshal([]any{r})
	return blob
}

// unlistedEnd is how much at the end of a day may be unlisted in a complete one:
// the record is emitted a few minutes after midnight, and the collector lists the
// last hour repeatedly, since content may appear late.
const unlistedEnd = time.Hour

func (e Event) day() *dayFields {
	d := &dayFields{
		Listed: spans(e.Day.Listed), Lost: spans(e.Day.Lost), CountedSince: timestamp(e.Day.Counted),
		Blobs: e.Day.Blobs, Records: e.Day.Records, Duplicates: e.Day.Duplicates, LagSeconds: int64(e.Day.Lag.Seconds()),
	}
	for _, s := range e.Day.Lost {
		d.LostSeconds += int64(s.To.Sub(s.From).Seconds())
	}
	d.Complete = len(e.Day.Lost) == 0 && len(e.Day.Listed) == 1 &&
		!e.Day.Listed[0].From.After(e.From) && !e.Day.Listed[0].To.Before(e.To.Add(-unlistedEnd))
	if !e.Day.Newest.IsZero() {
		d.Newest = timestamp(e.Day.Newest)
	}
	return d
}

func spans(list []source.Span) []jsonSpan {
	all := make([]jsonSpan, 0, len(list))
	for _, s := range list {
		all = append(all, jsonSpan{timestamp(s.From), timestamp(s.To)})
	}
	return all
}

// timestamp is a time in the form of audit records: UTC, whole seconds, no zone.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }
