package health

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func TestStateOf(t *testing.T) {
	degraded, failing := Problem{State: Degraded}, Problem{State: Failing}
	for _, tt := range []struct {
		name     string
		listed   bool
		problems []Problem
		want     State
	}{
		{"nothing known", false, nil, Starting},
		{"listed", true, nil, OK},
		{"in part", true, []Problem{degraded}, Degraded},
		{"not yet and late", false, []Problem{degraded}, Degraded},
		{"broken", true, []Problem{failing, degraded}, Failing},
	} {
		if got := stateOf(tt.listed, tt.problems); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestScope(t *testing.T) {
	all := []source.Stream{aE, aS, bE, bS}
	for want, streams := range map[string][]source.Stream{
		"a":             {aE, aS},
		"a Exchange":    {aE},
		"all tenants":   {bS, aE, aS, bE},
		"a; b Exchange": {bE, aE, aS},
		"":              {},
		"b":             {bS, bE},
	} {
		if got := scope(streams, all); got != want {
			t.Errorf("%v: %q, want %q", streams, got, want)
		}
	}
	if got := scope(all, append(all, source.Stream{Tenant: "c", ContentType: "Exchange"})); got != "a; b" {
		t.Errorf("two of three tenants are %q", got)
	}
	if got := scope([]source.Stream{aE}, []source.Stream{aE}); got != "a" {
		t.Errorf("the only tenant is %q", got)
	}
}

func TestLevel(t *testing.T) {
	for _, tt := range []struct {
		p    Problem
		want logging.Level
	}{
		{Problem{Condition: SignIn}, logging.Error},
		{Problem{Condition: SignIn, Cause: Cause{Transient: true}}, logging.Warn},
		{Problem{Condition: DB}, logging.Error},
		{Problem{Condition: Clock}, logging.Warn},
		{Problem{Condition: Expiry}, logging.Warn},
		{Problem{Condition: Renewal}, logging.Warn},
		{Problem{Condition: Output}, logging.Warn},
	} {
		if got := tt.p.level(); got != tt.want {
			t.Errorf("%+v: %d, want %d", tt.p, got, tt.want)
		}
	}
}

func TestRoundedDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 1600 * time.Millisecond: "2s", 59 * time.Minute: "59m", 61 * time.Minute: "1h01m",
		47*time.Hour + 59*time.Minute: "47h59m", 7*24*time.Hour + time.Hour: "7d01h",
	} {
		if got := roundedDuration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestLasted(t *testing.T) {
	for times, want := range map[int]string{0: "5m", 1: "5m", 2: "5m (met 2 times)", 14: "5m (met 14 times)"} {
		if got := lasted(Problem{Since: noon.Add(-5 * time.Minute), Times: times}, noon); got != want {
			t.Errorf("%d times: %s, want %s", times, got, want)
		}
	}
}

func TestHourlySummary(t *testing.T) {
	problem := Problem{Condition: Permission, State: Failing, Cause: consent, Since: noon.Add(-3 * time.Hour), Times: 14, Streams: []source.Stream{aS}}
	everywhere := Problem{Condition: DB, State: Degraded, Cause: fullDisk, Since: noon.Add(-time.Minute), Times: 1, Streams: []source.Stream{aE, aS}}
	for _, tt := range []struct {
		name string
		hour HourlySummary
		want string
	}{
		{"quiet", HourlySummary{Tenant: "a", Lags: []Lag{{"Exchange", 59 * time.Second}}},
			"a: in the last hour 0 records of 0 blobs delivered, 0 duplicates dropped; lag less than a minute"},
		{"one", HourlySummary{Tenant: "a", Counts: metrics.Counts{Records: 5, Blobs: 2, Duplicates: 1}, Lags: []Lag{{"Exchange", 90 * time.Second}, {"SharePoint", 0}}},
			"a: in the last hour 5 records of 2 blobs delivered, 1 duplicates dropped; lag 1m at most (Exchange)"},
		{"busy", HourlySummary{Tenant: "a", Counts: metrics.Counts{Records: 5, Blobs: 2, Malformed: 3, Late: 4, Lost: 6, Gaps: 7, Retries: 8}, Throttled: 9, Pending: 10, Waiting: 11, Lags: []Lag{{"Exchange", 0}}},
			"a: in the last hour 5 records of 2 blobs delivered, 0 duplicates dropped, 3 malformed elements, 4 blobs listed late, 6 blobs lost, 7 gaps, " +
				"8 retries, 9 requests throttled, 10 blobs still to come, 11 bytes waiting for Fluent Bit; lag less than a minute"},
		{"everything", HourlySummary{Tenant: "a", Counts: metrics.Counts{Oversized: 1, Conflicts: 2, Malformed: 3, Gaps: 4}, Lags: []Lag{{"Exchange", time.Hour}}},
			"a: in the last hour 0 records of 0 blobs delivered, 0 duplicates dropped, 3 malformed elements, 1 records too large, 2 records with an Id of others, 4 gaps; lag 1h00m at most (Exchange)"},
		{"wrong", HourlySummary{Tenant: "a", Lags: []Lag{{"Exchange", 2 * time.Hour}, {"SharePoint", time.Minute}}, Problems: []Problem{problem, everywhere}},
			"a: in the last hour 0 records of 0 blobs delivered, 0 duplicates dropped; lag 2h00m at most (Exchange); " +
				"SharePoint: failing for 3h00m (met 14 times): no permission; degraded for 1m: the disk is full"},
	} {
		if got := tt.hour.Line(noon); got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

// Problems with one key become one, with the worst of all of them.
func TestMerge(t *testing.T) {
	early, late := noon.Add(-time.Hour), noon
	lasting := outage
	lasting.Transient = false
	of := func(s source.Stream, c Condition, state State, cause Cause, since time.Time, times int) Problem {
		return Problem{Condition: c, State: state, Cause: cause, Since: since, Times: times, Streams: []source.Stream{s}}
	}
	first, second := of(aE, Listing, Degraded, outage, late, 3), of(aS, Listing, Failing, lasting, early, 2)
	want := Problem{Condition: Listing, State: Failing, Cause: lasting, Since: early, Times: 3}
	for _, both := range [][]Problem{{first, second}, {second, first}} {
		got := merge(both)
		if len(got) != 1 || len(got[0].Streams) != 2 {
			t.Fatalf("%+v", got)
		}
		if got[0].Streams = nil; !reflect.DeepEqual(got[0], want) {
			t.Errorf("%+v, want %+v", got[0], want)
		}
	}
	if got := merge([]Problem{of(aE, Clock, Degraded, outage, late, 1), first, of(aE, SignIn, Failing, outage, late, 1), of(aS, Listing, Failing, secret, late, 1)}); len(got) != 4 ||
		got[0].Condition != SignIn || got[1].Cause != secret || got[2].Condition != Listing || got[3].Condition != Clock {
		t.Errorf("%+v", got)
	}
	if transient := merge([]Problem{first, first}); !transient[0].Transient {
		t.Errorf("%+v", transient)
	}
}

// A day is complete where all but its last hour is listed and nothing of it is lost.
func TestCompleteDay(t *testing.T) {
	day := noon.Add(-12 * time.Hour)
	span := func(from, to float64) source.Span {
		return source.Span{From: day.Add(time.Duration(from * float64(time.Hour))), To: day.Add(time.Duration(to * float64(time.Hour)))}
	}
	for _, tt := range []struct {
		listed, lost []source.Span
		complete     bool
		lostSeconds  int64
	}{
		{[]source.Span{span(0, 24)}, nil, true, 0},
		{[]source.Span{span(0, 23)}, nil, true, 0},
		{[]source.Span{span(0, 22.9)}, nil, false, 0},
		{[]source.Span{span(0.1, 24)}, nil, false, 0},
		{[]source.Span{span(0, 10), span(11, 24)}, nil, false, 0},
		{nil, nil, false, 0},
		{[]source.Span{span(0, 24)}, []source.Span{span(1, 2)}, false, 3600},
		{[]source.Span{span(0, 24)}, []source.Span{span(1, 2), span(3, 5)}, false, 3 * 3600},
	} {
		got := Event{From: day, To: day.Add(24 * time.Hour), Day: Day{Listed: tt.listed, Lost: tt.lost}}.day()
		if got.Complete != tt.complete || got.LostSeconds != tt.lostSeconds {
			t.Errorf("listed %v, lost %v: complete %v, %d seconds lost", tt.listed, tt.lost, got.Complete, got.LostSeconds)
		}
	}
}

func TestEventJSON(t *testing.T) {
	day := noon.Add(-12 * time.Hour).Add(-24 * time.Hour)
	span := func(from, to int) source.Span {
		return source.Span{From: day.Add(time.Duration(from) * time.Hour), To: day.Add(time.Duration(to) * time.Hour)}
	}
	head := func(kind string) string {
		return `[{"CreationTime":"2026-03-14T12:00:00","Operation":"` + kind + `","Workload":"fluent-bit-o365","OrganizationId":"a","ContentType":"Exchange",`
	}
	for _, tt := range []struct {
		name  string
		event Event
		want  string
	}{
		{"gap", Event{Kind: Gap, From: day, To: noon, Reason: "why"},
			head("gap") + `"Span":{"From":"2026-03-13T00:00:00","To":"2026-03-14T12:00:00"},"Reason":"why"}]`},
		{"well", Event{Kind: Change, State: OK, Previous: Failing, Since: noon, Lasted: time.Hour},
			head("state") + `"State":"ok","PreviousState":"failing","Since":"2026-03-14T12:00:00","PreviousSeconds":3600}]`},
		{"wrong", Event{Kind: Change, State: Failing, Previous: OK, Since: noon, Causes: []Cause{secret, outage}},
			head("state") + `"State":"failing","PreviousState":"ok","Since":"2026-03-14T12:00:00","PreviousSeconds":0,` +
				`"What":"the secret is wrong","Do":"change it","Detail":"7000215","Others":[{"What":"requests fail","Do":"wait","Detail":"500"}]}]`},
		{"complete", Event{Kind: Completeness, From: day, To: day.Add(24 * time.Hour), State: OK,
			Day: Day{Listed: []source.Span{span(0, 24)}, Counted: day, Blobs: 1, Records: 2, Duplicates: 3, Lag: time.Minute, Newest: noon}},
			head("completeness") + `"Span":{"From":"2026-03-13T00:00:00","To":"2026-03-14T00:00:00"},"State":"ok","Complete":true,` +
				`"Listed":[{"From":"2026-03-13T00:00:00","To":"2026-03-14T00:00:00"}],"Lost":[],"LostSeconds":0,` +
				`"CountedSince":"2026-03-13T00:00:00","Blobs":1,"Records":2,"Duplicates":3,"LagSeconds":60,"Newest":"2026-03-14T12:00:00"}]`},
		{"incomplete", Event{Kind: Completeness, From: day, To: day.Add(24 * time.Hour), State: Failing,
			Day: Day{Listed: []source.Span{span(0, 3), span(4, 24)}, Lost: []source.Span{span(3, 4)}, Counted: day}},
			head("completeness") + `"Span":{"From":"2026-03-13T00:00:00","To":"2026-03-14T00:00:00"},"State":"failing","Complete":false,` +
				`"Listed":[{"From":"2026-03-13T00:00:00","To":"2026-03-13T03:00:00"},{"From":"2026-03-13T04:00:00","To":"2026-03-14T00:00:00"}],` +
				`"Lost":[{"From":"2026-03-13T03:00:00","To":"2026-03-13T04:00:00"}],"LostSeconds":3600,` +
				`"CountedSince":"2026-03-13T00:00:00","Blobs":0,"Records":0,"Duplicates":0,"LagSeconds":0}]`},
	} {
		tt.event.Time, tt.event.Tenant, tt.event.ContentType = noon, "a", "Exchange"
		got := string(tt.event.JSON())
		if got != tt.want || !json.Valid([]byte(got)) {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}
