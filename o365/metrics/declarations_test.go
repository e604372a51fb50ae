package metrics

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// newStream returns the metrics of an input with one stream, and everything set.
func newStream() (*Set, *Tenant, *Stream) {
	s := New([]string{"contoso"}, []string{"Audit.Exchange"})
	t := s.Tenant("contoso")
	t.RequestsPerMinute = func() float64 { return 1999.9999 }
	t.TokenExpiry = func() time.Time { return time.Unix(1_800_000_000, 0) }
	t.CredentialExpiry = func() time.Time { return time.Unix(1_900_000_000, 0) }
	t.ReplayPosition = t.TokenExpiry
	one := s.Stream("contoso", "Audit.Exchange")
	for _, f := range []*GaugeFunc{&one.ReplayBlobs, &one.ReplayDone, &one.ReplayBytes, &one.ReplayDoneBytes} {
		*f = func() float64 { return 1 }
	}
	return s, t, one
}

// value is that of the one series with these label values after the tenant's.
func value(t *testing.T, set *Set, name string, labels ...string) float64 {
	t.Helper()
	for _, s := range set.Series() {
		if s.Name == name && slices.Equal(s.Values[1:], labels) {
			return s.Value()
		}
	}
	t.Fatalf("no series %s %q", name, labels)
	return 0
}

func TestDeclarations(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]bool{}
	for _, m := range All() {
		if seen[m.Name] {
			t.Errorf("the fields of %s do not stand together", m.Name)
		}
		seen[m.Name] = true
		if !name.MatchString(m.Name) || strings.HasSuffix(m.Name, "_total") != (m.Type == CounterType) || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%+v", *m)
		}
	}
	for _, of := range []reflect.Type{reflect.TypeFor[Stream](), reflect.TypeFor[Tenant]()} {
		for i := range of.NumField() {
			testTag(t, of.Field(i))
		}
	}
}

// testTag finds what the compiler does not: reflect ignores a tag with a mistake in
// its form, and keys that nothing reads.
func testTag(t *testing.T, f reflect.StructField) {
	t.Helper()
	isInstrument := reflect.PointerTo(f.Type).Implements(reflect.TypeFor[instrument]()) || f.Type == reflect.TypeFor[requestCounters]()
	if f.IsExported() != isInstrument || isInstrument != (f.Tag != "") {
		t.Errorf("%s is exported, an instrument or declared, but not all three", f.Name)
	}
	form := regexp.MustCompile(`^name:"[^"]+"( label:"[a-z]+=[a-z]+")?( help:"[^"]+")?( optional:"true")?$`)
	if f.Tag != "" && !form.MatchString(string(f.Tag)) {
		t.Errorf("%s has the tag %s", f.Name, f.Tag)
	}
}

func TestEveryMetricHasSeries(t *testing.T) {
	set, _, _ := newStream()
	var names []string
	for _, s := range set.Series() {
		if len(s.Values) != len(s.Labels) {
			t.Errorf("%s has the labels %q and the values %q", s.Name, s.Labels, s.Values)
		}
		if n := len(names); n == 0 || names[n-1] != s.Name {
			names = append(names, s.Name)
		}
	}
	var declared []string
	for _, m := range All() {
		declared = append(declared, m.Name)
	}
	if !slices.Equal(names, declared) {
		t.Errorf("there are series of\n%q, declared are\n%q", names, declared)
	}
}

func TestOrderOfSeries(t *testing.T) {
	set := New([]string{"a", "b"}, []string{"X", "Y"})
	var got []string
	for _, s := range set.Series() {
		if s.Name == "blobs_total" {
			got = append(got, strings.Join(s.Values, " "))
		}
	}
	want := []string{"a X delivered", "a X lost", "a Y delivered", "a Y lost", "b X delivered", "b X lost", "b Y delivered", "b Y lost"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestFunctionsAreRead(t *testing.T) {
	set, tenant, _ := newStream()
	for name, want := range map[string]float64{
		"requests_per_minute": 2000, "token_expiry_timestamp_seconds": 1.8e9, "credential_expiry_timestamp_seconds": 1.9e9,
	} {
		if got := value(t, set, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	never := func() time.Time { return time.Time{} }
	tenant.TokenExpiry, tenant.CredentialExpiry, tenant.RequestsPerMinute = never, never, nil
	if got := value(t, set, "token_expiry_timestamp_seconds"); got != 0 {
		t.Errorf("without a token its expiry is %v", got)
	}
	for _, s := range set.Series() {
		if s.Name == "credential_expiry_timestamp_seconds" || s.Name == "requests_per_minute" {
			t.Errorf("%s has a series", s.Name)
		}
	}
}

func TestLag(t *testing.T) {
	set, tenant, stream := newStream()
	if lag := value(t, set, "lag_seconds", "Audit.Exchange"); lag != 0 {
		t.Errorf("before the first listing the lag is %v", lag)
	}
	stream.Complete.Set(time.Now().Add(-time.Hour))
	if lag := value(t, set, "lag_seconds", "Audit.Exchange"); lag < 3600 || lag > 3605 {
		t.Errorf("the lag is %v", lag)
	}
	tenant.Clock.Set(Moment{time.Now(), time.Now().Add(10 * time.Minute)}) // the service is ahead
	if lag := value(t, set, "lag_seconds", "Audit.Exchange"); lag < 4200 || lag > 4205 {
		t.Errorf("by the service's clock the lag is %v", lag)
	}
	tenant.Clock.Set(Moment{time.Now(), time.Now().Add(-2 * time.Hour)})
	if lag := value(t, set, "lag_seconds", "Audit.Exchange"); lag != 0 {
		t.Errorf("the lag is %v", lag)
	}
}

// The metrics are counted and published all the time, in a process that has other
// work.
func TestCountingAllocatesNothing(t *testing.T) {
	set, tenant, stream := newStream()
	series := set.Series()
	sum := 0.0
	if n := testing.AllocsPerRun(100, func() {
		for i := range series {
			if h := series[i].Histogram(); h != nil {
				_, all := h.Read()
				sum += all
			}
			sum += series[i].Value()
		}
	}); n != 0 {
		t.Errorf("reading all series makes %v allocations", n)
	}
	now := time.Now()
	if n := testing.AllocsPerRun(100, func() {
		stream.Records.Add(100)
		stream.Queue.Add(-100)
		stream.EventLag.Observe(4000)
		stream.Newest.Advance(now)
		tenant.Throttled.Add(1)
	}); n != 0 {
		t.Errorf("counting makes %v allocations", n)
	}
}
