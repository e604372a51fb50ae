package e2e

import (
	"database/sql"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// What the plugin may add to the resident size of a host that has nothing to
// do, with default options: 64 MB, and 40 bytes for each Id that it remembers.
const (
	mostGrowth = 64 << 20
	mostPerID  = 40
)

var audits = []string{api.Entra, api.Exchange, api.SharePoint, api.General}

// TestMemory reads blobs that are larger than the memory they may take, as many
// at a time as the defaults allow.
func TestMemory(t *testing.T) {
	const mb = 1 << 20
	tests := []struct {
		name  string
		types []string
		blobs int   // of each type
		size  int64 // of a blob
		ids   int   // remembered from before
		http1 bool
		check bool // compare records, which takes longer than reading them
		fault api.Fault
		set   options
		to    func(t *testing.T, pipe *pipeline) *archivePlace // an archive; nil: there is none
	}{
		{name: "one large blob", types: audits[:1], blobs: 1, size: sized[int64](30*mb, 500*mb), check: !full},
		{name: "one large blob, archived", types: audits[:1], blobs: 1, size: sized[int64](30*mb, 500*mb), to: inAzurite},
		{name: "four types, archived", types: audits, blobs: 8, size: sized[int64](3*mb, 50*mb), to: inFolder},
		{name: "one type", types: audits[:1], blobs: 8, size: sized[int64](5*mb, 50*mb)},
		{name: "one type, HTTP 1", types: audits[:1], blobs: 8, size: sized[int64](3*mb, 5*mb), http1: true},
		{name: "four types", types: audits, blobs: 8, size: sized[int64](3*mb, 50*mb)},
		{name: "four types, HTTP 1", types: audits, blobs: 8, size: sized[int64](3*mb, 50*mb), http1: true},
		{name: "four types, Ids", types: audits, blobs: 8, size: sized[int64](3*mb, 5*mb), ids: sized(200_000, 1_000_000)},
		{name: "four types, huge", types: audits, blobs: 2, size: sized[int64](10*mb, 500*mb)},
		{name: "records of 15 MB", types: audits, blobs: 8, fault: api.Fault{Kind: api.Huge, Size: 15 * mb}, check: true},
		{name: "records of 7 MB, whole", types: audits, blobs: 8, fault: api.Fault{Kind: api.Huge, Size: 7 * mb}, set: options{"record_max": "8M"}},
		{name: "records of 4 MB", types: audits, blobs: 8, fault: api.Fault{Kind: api.Huge, Size: 4*mb - 1}},
		{name: "records of 4 MB, nothing but numbers", types: audits, blobs: 4, fault: insert(`{"Id":"n","x":[`, "1e0,", `1]}`, 4*mb)},
		{name: "records of 4 MB, nothing but faults", types: audits, blobs: 4, fault: insert(`{"Id":"f","x":"`, "\xff", `"}`, 4*mb/3-1000)},
		{name: "records of 4 MB, nothing but escapes", types: audits, blobs: 4, fault: insert(`{"Id":"e","x":"`, `\n`, `"}`, 4*mb)},
		{name: "records of 250 KB", types: audits, blobs: 8, fault: api.Fault{Kind: api.Huge, Size: 250 << 10}},
		{name: "records of 11 bytes", types: audits[:1], blobs: 2, fault: api.Fault{Kind: api.Elements, Text: `{"Id":"#"}`, Size: sized[int64](1_000_000, 4_000_000)}},
		{name: "elements that are no records", types: audits, blobs: 2, fault: api.Fault{Kind: api.Elements, Text: "1", Size: sized[int64](200_000, 20_000_000)}},
	}
	for _, p := range hosts {
		t.Run(p.name, func(t *testing.T) {
			in(t, p, func(t *testing.T, p program) {
				idle := idleSize(t, p)
				for _, test := range tests {
					t.Run(test.name, func(t *testing.T) {
						t.Parallel()
						opt := api.Options{Seed: 4, Types: test.types, Blobs: test.blobs, Large: test.blobs, LargeSize: test.size}
						if test.fault.Kind != "" {
							opt.Large = 0
							test.fault.Op = "audit"
							opt.Faults = []api.Fault{test.fault}
						}
						s := newService(t, opt)
						if test.http1 {
							must(t, s.SpeakHTTP1())
						}
						pipe := newPipeline(t, p, s)
						pipe.set("content_types", strings.Join(test.types, ","))
						for key, value := range test.set {
							pipe.set(key, value)
						}
						var archive *archivePlace
						if test.to != nil {
							archive = test.to(t, pipe)
						}
						remember(t, pipe.inputs[0]["db"], test.ids)
						if !test.check {
							pipe.discard()
						}
						process := pipe.start()
						if err := caughtUp(process, 1, test.types); err != nil {
							t.Fatalf("%v; %s", err, process.LogTail())
						}
						if test.check {
							pipe.complete()
						}
						if archive != nil {
							must(t, rig.Await("the archive", time.Minute, func() bool { return archive.objects() == s.Expect().Blobs }, archive.objects))
						}
						growth := known(t, process.PeakRSS) - idle
						pipe.stop()
						added := idsIn(t, pipe.inputs[0]["db"])
						t.Logf("resident size %.1f MB more than the %.1f MB of an idle one, with %d Ids", float64(growth)/mb, float64(idle)/mb, added)
						if most := mostGrowth + mostPerID*added; growth > most {
							t.Errorf("more than %d MB", most/mb)
						}
						checkLog(t, process)
					})
				}
			})
		})
	}
}

// insert puts a record among those of each blob, of about so many bytes, most of
// which are the same few again and again.
func insert(before, again, behind string, size int) api.Fault {
	text := before + strings.Repeat(again, (size-len(before)-len(behind))/len(again)) + behind
	return api.Fault{Kind: api.Insert, Text: text}
}

// idleSize is the resident size of a host that has nothing to collect.
func idleSize(t *testing.T, p program) int64 {
	t.Helper()
	pipe := newPipeline(t, p, newService(t, api.Options{Seed: 4}))
	pipe.discard()
	process := pipe.start()
	if err := caughtUp(process, 1, api.ContentTypes()); err != nil {
		t.Fatalf("%v; %s", err, process.LogTail())
	}
	time.Sleep(2 * time.Second)
	defer process.Kill()
	return known(t, process.PeakRSS)
}

// idsIn counts the Ids in a state file.
func idsIn(t *testing.T, path string) (n int64) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	must(t, db.QueryRow("SELECT coalesce(sum(length(keys)), 0) / 16 FROM keys").Scan(&n))
	return n
}

// remember fills a state file with so many Ids.
func remember(t *testing.T, path string, ids int) {
	t.Helper()
	if ids == 0 {
		return
	}
	l, err := ledger.Open(path, ledger.Options{Retention: map[string]time.Duration{api.Exchange: 7 * 24 * time.Hour}, DedupMax: ids, DedupWindow: 7 * 24 * time.Hour})
	must(t, err)
	const row = 1000
	now := time.Now()
	for i := 0; i < ids; i += row {
		d := ledger.Delivery{
			Stream: source.Stream{Tenant: api.DefaultTenant, ContentType: api.Exchange},
			Blob:   "earlier", Created: now, Expires: now.Add(time.Hour), Keys: make([]ledger.Key, row),
		}
		for j := range d.Keys {
			binary.BigEndian.PutUint64(d.Keys[j][:], uint64(i+j)*0x9e3779b97f4a7c15)
		}
		must(t, l.Confirm([]ledger.Delivery{d}))
	}
	must(t, l.Close())
}
