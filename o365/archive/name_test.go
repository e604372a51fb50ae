package archive

import (
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestName(t *testing.T) {
	created := time.Date(2026, 11, 22, 23, 59, 59, 0, time.FixedZone("", -3600))
	for _, tt := range []struct {
		item   source.Item
		format Format
		number int
		want   string
	}{
		{source.Item{ContentType: "Audit.Exchange", ID: "20261123$20261123$audit_exchange$emea0036", Created: created}, JSON, 1,
			"tenant=t/content_type=Audit.Exchange/date=2026-11-23/hour=00/20261123$20261123$audit_exchange$emea0036.json.gz"},
		{source.Item{ContentType: "DLP.All", ID: "a-b", Created: created}, NDJSON, 2, "tenant=t/content_type=DLP.All/date=2026-11-23/hour=00/a-b.2.ndjson.gz"},
		{source.Item{ContentType: "DLP.All", ID: "_a/../b c%2E.json"}, JSON, 1,
			"tenant=t/content_type=DLP.All/date=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/%5Fa%2F%2E%2E%2Fb%20c%252E%2Ejson.json.gz"},
		{source.Item{ContentType: "c", ID: strings.Repeat("é", 100)}, JSON, 1,
			"tenant=t/content_type=c/date=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/" + strings.Repeat("%C3%A9", 20) + "~f42ec48e1e4b487e590e0b3d4e58437c.json.gz"},
	} {
		got := Name("t", tt.item, tt.format, tt.number)
		if got != tt.want {
			t.Errorf("%+v:\n%s, want\n%s", tt.item, got, tt.want)
		}
		o, ok := Parse(got)
		want := Object{"t", tt.item.ContentType, tt.item.Created.UTC().Truncate(time.Hour), tt.item.ID, tt.number, tt.format}
		if len(tt.item.ID) == 200 {
			want.ID = strings.Repeat("%C3%A9", 20) + got[strings.IndexByte(got, '~'):len(got)-len(".json.gz")]
		}
		if tt.item.Created.IsZero() {
			want.Hour = time.Time{}
		}
		if !ok || o != want {
			t.Errorf("%s means %+v, %v; want %+v", got, o, ok, want)
		}
	}
}

// An id of up to so many bytes stays as it is.
func TestLongestID(t *testing.T) {
	for _, n := range []int{1, longestID, longestID + 1, 1000} {
		id := strings.Repeat("a", n)
		if got := escape(id); (got == id) != (n <= 200) || len(got) > 200 || escape(got) != got {
			t.Errorf("%d bytes become %q", n, got)
		}
	}
}

// Names of other files mean nothing.
func TestParseOther(t *testing.T) {
	const name = "tenant=t/content_type=c/date=2026-11-23/hour=04/a.json.gz"
	if _, ok := Parse(name); !ok {
		t.Fatalf("%s means nothing", name)
	}
	for _, change := range [][2]string{
		{"tenant=t", "tenant="}, {"tenant=t", "tenant"}, {"tenant=t", "user=t"}, {"content_type=c", "content_type="}, {"tenant=t/", ""}, {"tenant=t/", "a/tenant=t/"},
		{"date=2026-11-23", "date=2026-11-31"}, {"date=2026-11-23", "date=" + unknown}, {"date=2026-11-23", "date="}, {"hour=04", "hour=4"}, {"hour=04", "hour=24"}, {"hour=04", "hour=" + unknown},
		{"a.json", "a.csv"}, {"a.json", "a"}, {"a.json", "a.b.c.json"}, {"a.json", "a.1.json"}, {"a.json", "a.02.json"}, {"a.json", "a.x.json"},
		{"a.json", "_a.json"}, {"a.json", "%61.json"}, {"a.json", "%zz.json"}, {".gz", ""}, {".gz", ".zst"},
	} {
		if other := strings.Replace(name, change[0], change[1], 1); other == name {
			t.Errorf("%q is not in the name", change[0])
		} else if o, ok := Parse(other); ok {
			t.Errorf("%s means %+v", other, o)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("tenant=t/content_type=DLP.All/date=2026-11-23/hour=00/a-b.2.ndjson.gz")
	f.Add("tenant=t/content_type=c/date=__HIVE_DEFAULT_PARTITION__/hour=__HIVE_DEFAULT_PARTITION__/%2E.json.gz")
	f.Add("tenant=t/content_type=c/date=2026-11-23/hour=24/a.json.gz")
	f.Add("tenant=/content_type=c/date=2026-11-23/hour=4/a.1.json.gz")
	f.Fuzz(func(t *testing.T, name string) {
		o, ok := Parse(name)
		if !ok {
			return
		}
		if got := Name(o.Tenant, source.Item{ContentType: o.ContentType, ID: o.ID, Created: o.Hour}, o.Format, o.Number); got != name {
			t.Errorf("%q is read as %+v, whose name is %q", name, o, got)
		}
	})
}
