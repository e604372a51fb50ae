package o365

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// One Id with several contents, over content types and tenants: a record that is
// the same comes once for each tenant, others come too.
func TestOneIdSeveralContents(t *testing.T) {
	const other = "99999999-2222-4333-8444-555555555555"
	record := func(content int) string {
		return fmt.Sprintf(`{"Id":"0d9a6a0e-0000-4000-8000-000000000001","CreationTime":"2026-11-28T10:00:00","content":%d}`, content)
	}
	inBubble(t, api.Options{Seed: 31, Tenants: []string{api.DefaultTenant, other}, Blobs: 2, Records: 2,
		Types: []string{api.Exchange, api.SharePoint, api.DLP},
		Faults: []api.Fault{ // in each of two blobs
			{Kind: api.Insert, Op: "audit", Type: api.Exchange, Tenant: api.DefaultTenant, Text: record(1)},
			{Kind: api.Insert, Op: "audit", Type: api.SharePoint, Tenant: api.DefaultTenant, Text: record(2)},
			{Kind: api.Insert, Op: "audit", Type: api.DLP, Tenant: api.DefaultTenant, Text: record(1) + "," + record(3)},
			{Kind: api.Insert, Op: "audit", Type: api.Exchange, Tenant: other, Text: record(1)},
		},
	}, func(t *testing.T, r *rig) {
		r.options["tenant_id"] = api.DefaultTenant + "," + other
		r.options["content_types"] = strings.Join([]string{api.Exchange, api.SharePoint, api.DLP}, ",")
		r.options["db"] = filepath.Join(t.TempDir(), "o365.db")
		contents := func() map[string]int {
			n := map[string]int{}
			for _, rec := range r.records {
				if _, content, ok := strings.Cut(string(rec), `"content":`); ok {
					n[strings.TrimRight(content, "}")]++
				}
			}
			return n
		}
		in := r.open()
		// Twelve blobs of two records, of which no two are the same, and four others.
		r.take(in, func() bool { return len(r.records) >= 24+4 })
		r.listen(in, 2*time.Second, "")
		if got, want := fmt.Sprint(contents()), "map[1:2 2:1 3:1]"; got != want {
			t.Errorf("contents %s, want %s", got, want)
		}
		conflicts, duplicates := int64(0), int64(0)
		for _, s := range in.Metrics().Streams() {
			conflicts += s.Conflicts.Load()
			duplicates += s.Duplicates.Load()
		}
		if conflicts != 2 || duplicates != 6 {
			t.Errorf("%d conflicts, %d duplicates", conflicts, duplicates)
		}
		if n := strings.Count(r.log.text(), "have the Id of others, but another content"); n > 2 {
			t.Errorf("%d lines:\n%s", n, r.log.text())
		}
		in.Close()

		before := len(r.records) // and nothing comes again
		in = r.open()
		r.listen(in, 3*time.Second, "")
		in.Close()
		if len(r.records) != before {
			t.Errorf("%d records came again", len(r.records)-before)
		}
	})
}

// Very many elements that are no records are one line of the log and cost no
// record.
func TestManyMalformedElements(t *testing.T) {
	const n = 200_000
	inBubble(t, api.Options{Seed: 32, Blobs: 2, Records: 20, Types: []string{api.Exchange},
		Faults: []api.Fault{{Kind: api.Insert, Op: "audit", Text: strings.TrimSuffix(strings.Repeat("1,", n), ","), Times: 1}},
	}, func(t *testing.T, r *rig) {
		r.options["content_types"] = api.Exchange
		r.planned = 40
		in := r.open()
		defer in.Close()
		r.take(in, r.all)
		r.check()
		deadline := time.Now().Add(10 * time.Second)
		for !strings.Contains(r.log.text(), "no usable records") && time.Now().Before(deadline) {
			time.Sleep(10 * time.Millisecond)
		}
		want := fmt.Sprintf("%d of its elements are no usable records and are left out; the first: record", n)
		if text := r.log.text(); strings.Count(text, want) != 1 || strings.Count(text, "\n") > 5 {
			t.Errorf("the log says\n%s", text)
		}
		if got := in.Metrics().Stream(api.DefaultTenant, api.Exchange).Malformed.Load(); got != n {
			t.Errorf("%d are counted", got)
		}
	})
}

// A record over record_max is delivered in part, named and counted.
func TestOversizedRecord(t *testing.T) {
	large := `{"Id":"0d9a6a0e-0000-4000-8000-000000000002","CreationTime":"2026-11-28T10:00:00","Operation":"Big","x":"` + strings.Repeat("x", 300<<10) + `"}`
	r := newRig(t, api.Options{Seed: 33, Blobs: 2, Records: 20, Types: []string{api.Exchange},
		Faults: []api.Fault{{Kind: api.Insert, Op: "audit", Text: large, Times: 1}},
	})
	r.options["content_types"], r.options["record_max"] = api.Exchange, "64k"
	in := r.open()
	defer in.Close()
	r.take(in, func() bool { return len(r.records) >= 41 })
	found := 0
	for _, rec := range r.records {
		if bytes.Contains(rec, []byte("o365_record_too_large")) {
			found++
			want := fmt.Sprintf(`"o365_record_too_large":{"bytes":%d,"content_id":`, len(large))
			if !bytes.Contains(rec, []byte(want)) || !bytes.Contains(rec, []byte(`"Operation":"Big"`)) || len(rec) > 500 {
				t.Errorf("got %.400s", rec)
			}
		}
	}
	if m := in.Metrics().Stream(api.DefaultTenant, api.Exchange); found != 1 || m.Oversized.Load() != 1 {
		t.Errorf("%d found, %d counted", found, m.Oversized.Load())
	}
	if !strings.Contains(r.log.text(), "1 records are larger than record_max") {
		t.Errorf("the log says\n%s", r.log.text())
	}
}
