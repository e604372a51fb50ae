package health

import (
	"encoding/json"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Kind is what an [Event] is about.
type Kind string

const (
	// Gap: content that can't be had any more.
	Gap Kind = "gap"
	// Change: a stream has another state than before.
	Change Kind = "state"
	// Completeness: what became of one day of a stream.
	Completeness Kind = "completeness"
)

// Event is something that a program can watch for.
type Event struct {
	Time        time.Time
	Kind        Kind
	Tenant      string
	ContentType string

	// Of a Gap: contentCreated. Of Completeness: the day, in UTC.
	From, To time.Time
	Reason   string // of a Gap

	// Of a Change, and State of Completeness.
	State    State
	Previous State
	Since    time.Time     // when State began
	Lasted   time.Duration // how long Previous was
	Causes   []Cause       // worst first

	Day Day // of Completeness
}

// Day is what Completeness tells beside the time.
type Day struct {
	Listed     []source.Span // within the day: everything that was listed is delivered
	Lost       []source.Span // within the day: can't be had any more
	Counted    time.Time
	Blobs      int64
	Records    int64
	Duplicates int64
	Lag        time.Duration // how far the stream is behind
	Newest     time.Time     // contentCreated of the newest blob delivered; zero: none since the start
}

// wire is the form of every kind; what a kind has no use for is left out.
type wire struct {
	CreationTime   string
	Operation      Kind
	Workload       string
	OrganizationId string
	ContentType    string

	Span   *wireSpan `json:",omitempty"`
	Reason string    `json:",omitempty"`

	State           State       `json:",omitempty"`
	PreviousState   State       `json:",omitempty"`
	Since           string      `json:",omitempty"`
	PreviousSeconds *int64      `json:",omitempty"`
	What            string      `json:",omitempty"`
	Do              string      `json:",omitempty"`
	Detail          string      `json:",omitempty"`
	Others          []wireCause `json:",omitempty"`

	*wireDay
}

type wireSpan struct{ From, To string }

type wireCause struct{ What, Do, Detail string }

type wireDay struct {
	Complete     bool
	Listed       []wireSpan
	Lost         []wireSpan
	LostSeconds  int64
	CountedSince string
	Blobs        int64
	Records      int64
	Duplicates   int64
	LagSeconds   int64
	Newest       string `json:",omitempty"`
}

// JSON returns a content blob of one health record. All kinds have the fields
// by which audit records are recognised: CreationTime (UTC), Operation (the
// kind), Workload ("fluent-bit-o365"), OrganizationId (the tenant), and
// ContentType. Beside them have
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
	w := wire{
		CreationTime: stamp(e.Time), Operation: e.Kind, Workload: "fluent-bit-o365",
		OrganizationId: e.Tenant, ContentType: e.ContentType,
		Reason: e.Reason, State: e.State, PreviousState: e.Previous,
	}
	if !e.From.IsZero() {
		w.Span = &wireSpan{stamp(e.From), stamp(e.To)}
	}
	if e.Kind == Change {
		seconds := int64(e.Lasted.Seconds())
		w.Since, w.PreviousSeconds = stamp(e.Since), &seconds
	}
	for i, c := range e.Causes {
		if i == 0 {
			w.What, w.Do, w.Detail = c.What, c.Do, c.Detail
		} else {
			w.Others = append(w.Others, wireCause{c.What, c.Do, c.Detail})
		}
	}
	if e.Kind == Completeness {
		w.wireDay = e.day()
	}
	// Strings, numbers and lists of them only: this can't fail.
	blob, _ := json.Marshal([]any{w})
	return blob
}

// tail is how much at the end of a day may not be listed yet when the day is
// told of: it is listed again and again for an hour.
const tail = time.Hour

func (e Event) day() *wireDay {
	d := &wireDay{
		Listed: spans(e.Day.Listed), Lost: spans(e.Day.Lost), CountedSince: stamp(e.Day.Counted),
		Blobs: e.Day.Blobs, Records: e.Day.Records, Duplicates: e.Day.Duplicates, LagSeconds: int64(e.Day.Lag.Seconds()),
	}
	for _, s := range e.Day.Lost {
		d.LostSeconds += int64(s.To.Sub(s.From).Seconds())
	}
	d.Complete = len(e.Day.Lost) == 0 && len(e.Day.Listed) == 1 &&
		!e.Day.Listed[0].From.After(e.From) && !e.Day.Listed[0].To.Before(e.To.Add(-tail))
	if !e.Day.Newest.IsZero() {
		d.Newest = stamp(e.Day.Newest)
	}
	return d
}

func spans(list []source.Span) []wireSpan {
	all := make([]wireSpan, 0, len(list))
	for _, s := range list {
		all = append(all, wireSpan{stamp(s.From), stamp(s.To)})
	}
	return all
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }
