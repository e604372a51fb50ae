package o365

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// archived returns the names of the objects in a folder, and their records.
func archived(t *testing.T, dir string) (names []string, records [][]byte) {
	t.Helper()
	folder := storage.NewFolder(dir)
	for info, err := range folder.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, info.Name)
		body, _, err := folder.Get(t.Context(), info.Name)
		if err != nil {
			t.Fatal(err)
		}
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		var all []json.RawMessage
		for decoder := json.NewDecoder(unzipped); decoder.More(); {
			var element json.RawMessage
			if err := decoder.Decode(&element); err != nil {
				t.Fatalf("%s: %v", info.Name, err)
			}
			if element[0] == '{' {
				all = append(all, element)
			} else if err := json.Unmarshal(element, &all); err != nil {
				t.Fatalf("%s: %v", info.Name, err)
			}
		}
		body.Close()
		for _, r := range all {
			records = append(records, r)
		}
	}
	return names, records
}

// checkArchive compares an archive with what the service has: each blob is one object,
// and each record is there as often as it was published.
func (r *rig) checkArchive(dir string, blobs int) {
	r.t.Helper()
	names, records := archived(r.t, dir)
	if len(names) != blobs {
		r.t.Errorf("%d objects of %d blobs, such as %q", len(names), blobs, names[:min(1, len(names))])
	}
	if report := r.cloud.Check(slices.Values(records), check.Options{}); !report.OK() {
		r.t.Errorf("the archive: %v\nthe log says:\n%s", report, r.log.text())
	}
}

// delivered reports whether so many blobs are delivered.
func delivered(in *Input, blobs int64) bool {
	var n int64
	for _, s := range in.metrics.StreamIDs() {
		n += in.metrics.Stream(s.Tenant, s.ContentType).Delivered.Load()
	}
	return n >= blobs
}

func TestArchive(t *testing.T) {
	for _, format := range []string{"json", "ndjson"} {
		t.Run(format, func(t *testing.T) {
			inBubble(t, api.Options{Seed: 41, Blobs: 8, Records: 20, Duplicates: 10, Faults: api.Flaky(0.1)}, func(t *testing.T, r *rig) {
				dir := t.TempDir()
				r.options["archive_url"], r.options["archive_format"] = "file://"+dir, format
				in := r.open()
				blobs := 8 * len(api.ContentTypes())
				r.take(in, func() bool { return r.all() && delivered(in, int64(blobs)) })
				in.Close()
				r.check()
				r.checkArchive(dir, blobs)
			})
		})
	}
}

// A blob counts as delivered only when it is archived. While nothing can be, records
// flow; afterwards, restarts between, each blob is archived once.
func TestArchiveThatIsAway(t *testing.T) {
	inBubble(t, api.Options{Seed: 42, Blobs: 6, Records: 20}, func(t *testing.T, r *rig) {
		dir := filepath.Join(t.TempDir(), "mounted later")
		r.options["archive_url"], r.options["db"], r.options["health_tag"] = "file://"+dir, filepath.Join(t.TempDir(), "o365.db"), ""
		blobs := 6 * len(api.ContentTypes())
		for range 3 {
			in := r.open()
			r.take(in, r.all)
			time.Sleep(5 * time.Minute)
			if delivered(in, 1) {
				t.Error("a blob is delivered")
			}
			in.Close()
		}
		r.check()
		const line = "nothing is archived: "
		if n := strings.Count(r.log.text(), line); n < 3 || n > 8 {
			t.Errorf("the log says so %d times:\n%s", n, r.log.text())
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		in := r.open()
		r.take(in, func() bool { time.Sleep(time.Second); return delivered(in, int64(blobs)) })
		in.Close()
		r.check()
		r.checkArchive(dir, blobs)
	})
}

// Close breaks off what is being archived.
func TestCloseEndsTheArchive(t *testing.T) {
	inBubble(t, api.Options{}, func(t *testing.T, r *rig) {
		r.options["archive_url"] = "file://" + t.TempDir()
		in := r.open()
		kept := in.archive.Source(api.DefaultTenant, &notes{t: t}, in.metrics.Tenant(api.DefaultTenant))
		body, err := kept.Open(t.Context(), source.Item{ContentType: api.Exchange, ID: "a", Created: time.Now()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Fatal(err)
		}
		in.Close()
		if err := body.(source.Keeper).Keep(1); err == nil {
			t.Error("it is archived after the end")
		}
		body.Close()
	})
}
