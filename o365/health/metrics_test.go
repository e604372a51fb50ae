package health

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func oneStream() (*Metrics, *TenantMetrics, *StreamMetrics) {
	m := NewMetrics([]string{"contoso"}, []string{"Audit.Exchange"})
	m.Tenant("contoso").Watch(TenantSources{
		RequestsPerMinute: func() float64 { return 1999.9999 },
		TokenExpiry:       func() time.Time { return time.Unix(1_800_000_000, 0) },
		CredentialExpiry:  func() time.Time { return time.Unix(1_900_000_000, 0) },
	})
	return m, m.Tenant("contoso"), m.Stream("contoso", "Audit.Exchange")
}

// value is that of the one series with these label values behind the tenant.
func value(t *testing.T, m *Metrics, name string, labels ...string) float64 {
	t.Helper()
	for _, s := range m.Series() {
		if s.Name == name && slices.Equal(s.Values[1:], labels) {
			return s.Value()
		}
	}
	t.Fatalf("no series %s %q", name, labels)
	return 0
}

func TestEveryMetricIsDeclaredOnce(t *testing.T) {
	m, _, _ := oneStream()
	shown := map[string]bool{}
	last := ""
	for _, s := range m.Series() {
		if !slices.Contains(Declared(), s.Metric) {
			t.Errorf("%s is not declared", s.Name)
		}
		if s.Name != last && shown[s.Name] {
			t.Errorf("the series of %s do not stand together", s.Name)
		}
		last, shown[s.Name] = s.Name, true
		if len(s.Values) != len(s.Labels) {
			t.Errorf("%s has the labels %q and the values %q", s.Name, s.Labels, s.Values)
		}
	}
	name := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	for _, d := range Declared() {
		if !shown[d.Name] {
			t.Errorf("%s is declared and not shown", d.Name)
		}
		if !name.MatchString(d.Name) || strings.HasSuffix(d.Name, "_total") != (d.Type == CounterType) || !strings.HasSuffix(d.Help, ".") {
			t.Errorf("%+v", *d)
		}
	}
}

func TestSourcesAreAsked(t *testing.T) {
	m, _, _ := oneStream()
	for name, want := range map[string]float64{
		"requests_per_minute": 2000, "token_expiry_timestamp_seconds": 1.8e9, "credential_expiry_timestamp_seconds": 1.9e9,
	} {
		if got := value(t, m, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	m.Tenant("contoso").Watch(TenantSources{
		RequestsPerMinute: func() float64 { return 1 },
		TokenExpiry:       func() time.Time { return time.Time{} },
		CredentialExpiry:  func() time.Time { return time.Time{} },
	})
	if got := value(t, m, "token_expiry_timestamp_seconds"); got != 0 {
		t.Errorf("without a token its expiry is %v", got)
	}
	for _, s := range m.Series() {
		if s.Name == "credential_expiry_timestamp_seconds" {
			t.Error("a credential that has no known end is shown")
		}
	}
}

func TestLag(t *testing.T) {
	m, tenant, stream := oneStream()
	if lag := value(t, m, "lag_seconds", "Audit.Exchange"); lag != 0 {
		t.Errorf("before the first listing the lag is %v", lag)
	}
	stream.Complete.Set(time.Now().Add(-time.Hour))
	if lag := value(t, m, "lag_seconds", "Audit.Exchange"); lag < 3600 || lag > 3605 {
		t.Errorf("the lag is %v", lag)
	}
	tenant.Clock.Set(Moment{time.Now(), time.Now().Add(10 * time.Minute)}) // the service is ahead
	if lag := value(t, m, "lag_seconds", "Audit.Exchange"); lag < 4200 || lag > 4205 {
		t.Errorf("by the service's clock the lag is %v", lag)
	}
	tenant.Clock.Set(Moment{time.Now(), time.Now().Add(-2 * time.Hour)})
	if lag := value(t, m, "lag_seconds", "Audit.Exchange"); lag != 0 {
		t.Errorf("the lag is %v", lag)
	}
}

func TestRequestsAreCountedByTheMostExactCode(t *testing.T) {
	for _, tt := range []struct {
		operation source.Op
		outcomes  []string
		want      string
	}{
		{source.OpList, []string{"200"}, "200"},
		{source.OpList, []string{"AF20022", "400", "4xx"}, "AF20022"},
		{source.OpStart, []string{"AF20022", "400", "4xx"}, "400"},
		{source.OpList, []string{"AF99999", "418", "4xx"}, "4xx"},
		{source.OpList, []string{"", "503", "5xx"}, "5xx"},
		{source.OpDownload, []string{"", "404", "4xx"}, "404"},
		{source.OpList, []string{"", "404", "4xx"}, "4xx"},
		{source.OpDownload, []string{"AF429", "403", "4xx"}, "AF429"},
		{source.OpToken, []string{source.OutcomeTimeout, source.OutcomeNetwork}, source.OutcomeTimeout},
		{source.OpStart, []string{source.OutcomeDNS, source.OutcomeNetwork}, source.OutcomeNetwork},
		{source.OpToken, []string{"302", "3xx"}, source.OutcomeOther},
	} {
		m, tenant, _ := oneStream()
		tenant.Requested(tt.operation, tt.outcomes...)
		for _, s := range m.Series() {
			if s.Name != "requests_total" {
				continue
			}
			want := 0.0
			if s.Values[1] == string(tt.operation) && s.Values[2] == tt.want {
				want = 1
			}
			if s.Value() != want {
				t.Errorf("%s %q: %q is %v, want %v", tt.operation, tt.outcomes, s.Values, s.Value(), want)
			}
		}
	}
}

func TestHistogram(t *testing.T) {
	var h Histogram
	for _, seconds := range []int64{-5, 0, 300, 301, 3600, 8 * 24 * 3600} {
		h.Observe(seconds)
	}
	b, sum := h.Read()
	want := Buckets{3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6}
	if b != want || sum != 300+301+3600+8*24*3600 || b.Count() != 6 || h.Count() != 6 {
		t.Errorf("%v, sum %v", b, sum)
	}
}

func TestTimeAdvances(t *testing.T) {
	var at Time
	if !at.Load().IsZero() {
		t.Error("a moment before there was one")
	}
	late := time.Unix(2000, 0)
	at.Advance(late)
	at.Advance(time.Unix(1000, 0))
	at.Advance(time.Time{})
	if !at.Load().Equal(late) {
		t.Errorf("%v", at.Load())
	}
	at.Set(time.Time{})
	if at.value() != 0 {
		t.Errorf("never is %v", at.value())
	}
}

// Showing and counting happen all the time, beside a process that is somebody
// else's.
func TestCountingAllocatesNothing(t *testing.T) {
	m, tenant, stream := oneStream()
	series := m.Series()
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
