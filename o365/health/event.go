package health

import (
	"encoding/json"
	"time"
)

// Kind is what an [Event] is about.
type Kind string

// Gap: content that can't be had any more.
const Gap Kind = "gap"

// Event is something that people should be told, and a program can watch for.
type Event struct {
	Time        time.Time
	Kind        Kind
	Tenant      string
	ContentType string
	From, To    time.Time // span of contentCreated that it is about
	Reason      string
}

// JSON returns a content blob of one health record. It has the fields by which
// audit records are recognised (CreationTime, Operation, Workload), so that it
// passes the same pipeline.
func (e Event) JSON() []byte {
	const layout = "2006-01-02T15:04:05"
	type span struct{ From, To string }
	// Strings only: this can't fail.
	blob, _ := json.Marshal([]any{struct {
		CreationTime   string
		Operation      Kind
		Workload       string
		OrganizationId string
		ContentType    string
		Span           span
		Reason         string
	}{
		CreationTime: e.Time.UTC().Format(layout), Operation: e.Kind, Workload: "fluent-bit-o365",
		OrganizationId: e.Tenant, ContentType: e.ContentType,
		Span: span{e.From.UTC().Format(layout), e.To.UTC().Format(layout)}, Reason: e.Reason,
	}})
	return blob
}
