package o365

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// delivered waits until so many blobs are delivered, and confirms what comes.
func (r *rig) delivered(in *Input, blobs int) {
	r.t.Helper()
	r.take(in, func() bool { return number(r.t, in, "blobs_total", "delivered") >= float64(blobs) })
}

// A record with the Id of another one is delivered beside it, whatever content
// type and tenant the other is of, and also after a restart; what is equal is not.
func TestSameIDOtherContent(t *testing.T) {
	for _, whose := range []string{"", "type", "tenant"} {
		t.Run("of another "+whose, func(t *testing.T) {
			t.Parallel()
			const other = "99999999-2222-4333-8444-555555555555"
			inBubble(t, api.Options{
				Seed: 31, Blobs: 3, Records: 10, Duplicates: 10, Tenants: []string{api.DefaultTenant, other}, Types: []string{api.Exchange, api.SharePoint},
				Faults: []api.Fault{{Kind: api.SameID, Op: "audit", Text: whose, Tenant: api.DefaultTenant, Type: api.Exchange}},
			}, func(t *testing.T, r *rig) {
				r.options["tenant_id"] += "," + other
				r.options["content_types"] = api.Exchange + "," + api.SharePoint
				r.options["db"] = filepath.Join(t.TempDir(), "state.db")
				conflicts := 0.0
				for range 2 {
					in := r.open()
					if len(r.records) == 0 {
						r.delivered(in, 12)
					} else {
						time.Sleep(time.Minute)
						if b := in.Next(); b != nil {
							t.Errorf("%d records come again", b.Records)
						}
					}
					conflicts += number(t, in, "id_conflicts_total")
					in.Close()
				}
				// The planted records of three blobs; across tenants they share an Id with
				// each other only.
				if want := map[string]float64{"": 3, "type": 3, "tenant": 2}[whose]; conflicts != want {
					t.Errorf("%v conflicts, want %v", conflicts, want)
				}
				r.check()
				for _, contentType := range []string{api.Exchange, api.SharePoint} {
					lines := 0
					for _, line := range strings.Split(r.log.text(), "\n") {
						if strings.Contains(line, contentType+": blob ") && strings.Contains(line, "have the Id of others, but another content") {
							lines++
						}
					}
					if lines > 1 {
						t.Errorf("%s: %d lines:\n%s", contentType, lines, r.log.text())
					}
				}
			})
		})
	}
}

// Records that are too large are delivered by their first fields, others whole,
// and it is logged once a blob.
func TestTooLarge(t *testing.T) {
	for _, test := range []struct {
		max   string
		stubs int
	}{{"8M", 0}, {"64k", 5}} {
		t.Run(test.max, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, api.Options{Seed: 32, Blobs: 5, Records: 10, Types: []string{api.Exchange},
				Faults: []api.Fault{{Kind: api.Huge, Op: "audit", Size: 3 << 20}}})
			r.options["content_types"], r.options["record_max"] = api.Exchange, test.max
			in := r.open()
			r.delivered(in, 5)
			in.Close()
			report := r.cloud.Check(slices.Values(r.records), check.Options{Dedup: true})
			if !report.OK() || report.Stubs != test.stubs || report.Expected != 55 {
				t.Errorf("%v, %d stubs", report, report.Stubs)
			}
			if n := number(t, in, "oversized_total"); n != float64(test.stubs) {
				t.Errorf("%v are counted", n)
			}
			if n := strings.Count(r.log.text(), ": 1 records are larger than record_max"); n != test.stubs {
				t.Errorf("%d lines:\n%s", n, r.log.text())
			}
		})
	}
}

// broken is a body that ends in an error at the end of its text, once.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = errors.New("reset")
	}
	return n, err
}

// What is wrong with a blob is counted once and logged once, however often it is
// downloaded.
func TestFindingsAreReportedOnce(t *testing.T) {
	r := newRig(t, api.Options{})
	r.options["record_max"] = "64k"
	in := r.open()
	defer in.Close()
	p := testTenant(in)
	large := strings.Repeat("x", 70<<10)
	body := `[1,{"Id":"a"},2,{"Id":"a","x":1},{"Id":"a"},{"Id":"l","x":"` + large + `"},` + strings.Repeat("3,", 100_000) + `{"Id":"b","z":1e400,"y":"` + "\xff" + `"}]`
	for _, id := range []string{"first", "second"} {
		b := announce(p, id)
		for _, end := range []int{10, 40, 72_000, 100_000} {
			if err := b.Deliver(t.Context(), broken{strings.NewReader(body[:end])}); err == nil {
				t.Fatal("no error")
			}
			if text := r.log.text(); strings.Contains(text, "blob "+id) {
				t.Errorf("logged before its end:\n%s", text)
			}
		}
		if err := b.Deliver(t.Context(), strings.NewReader(body)); err != nil {
			t.Fatal(err)
		}
		body = strings.ReplaceAll(body, `"Id":"`, `"Id":"2`)
	}
	prefix := "2 " + api.DefaultTenant + " Audit.Exchange: blob "
	var lines []string
	for _, line := range strings.Split(r.log.text(), "\n") {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, strings.TrimPrefix(line, prefix))
		}
	}
	const (
		malformed = ": 100002 of its elements are no usable records and are left out; the first: record 0 at byte 1: not a JSON object"
		tooLarge  = ": 1 records are larger than record_max; only their first fields are delivered, with o365_record_too_large; the largest is record 5 of %d bytes: raise record_max, 8M at most, if whole ones are wanted"
	)
	want := []string{
		"first" + malformed, "first" + fmt.Sprintf(tooLarge, len(large)+len(`{"Id":"l","x":""}`)),
		"first: 1 records have the Id of others, but another content; they are delivered, and counted in id_conflicts_total",
		"second" + malformed, "second" + fmt.Sprintf(tooLarge, len(large)+len(`{"Id":"2l","x":""}`)),
	}
	if !slices.Equal(lines, want) {
		t.Errorf("logged:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	for name, want := range map[string]float64{"malformed_total": 200_004, "duplicates_total": 2, "id_conflicts_total": 2, "oversized_total": 2, "adjusted_values_total": 4} {
		if got := number(t, in, name, string(api.Exchange)); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

// testTenant is the way of the first tenant's records through an input, without
// its collector.
func testTenant(in *Input) *delivery.Tenant {
	return in.delivery.Tenant(api.DefaultTenant, []source.ContentType{{Name: api.Exchange}})
}

// announce says that an item is going to be downloaded.
func announce(t *delivery.Tenant, id string) collector.Delivery {
	return t.Announce(source.Item{ID: id, ContentType: api.Exchange}, func() {})
}

// Two blobs with a large record each are not read at the same time, and nobody
// waits for ever.
func TestOneLargeRecordAtATime(t *testing.T) {
	r := newRig(t, api.Options{})
	r.options["queue_size"] = "32M" // so that one need not wait until it is empty
	in := r.open()
	defer in.Close()
	p := testTenant(in)
	large := `[{"Id":"%d","x":"` + strings.Repeat("x", 1<<20) + `"},{"Id":"%[1]d small"}]`
	// The first stops in the middle of its record.
	rest, feed := io.Pipe()
	first := make(chan error, 1)
	text := fmt.Sprintf(large, 1)
	half := len(text) / 2
	go func() {
		first <- announce(p, "1").Deliver(t.Context(), io.MultiReader(strings.NewReader(text[:half]), rest))
	}()
	feed.Write(nil) // it is read up to there

	others := make(chan error, 10)
	ctx, cancel := context.WithCancel(t.Context())
	for i := range 4 {
		body := bytes.NewReader(fmt.Appendf(nil, large, 2+i))
		go func() {
			others <- announce(p, fmt.Sprint(2+i)).Deliver(ctx, body)
		}()
	}
	if err := announce(p, "small").Deliver(t.Context(), strings.NewReader(`[{"Id":"x"}]`)); err != nil {
		t.Error(err)
	}
	select {
	case err := <-others:
		t.Errorf("a second large record is read: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	cancel()
	for range 4 {
		if err := <-others; !errors.Is(err, context.Canceled) {
			t.Errorf("one that waited ends with %v", err)
		}
	}
	go func() { io.WriteString(feed, text[half:]); feed.Close() }()
	if err := <-first; err != nil {
		t.Error(err)
	}
	for i := range 4 {
		body := bytes.NewReader(fmt.Appendf(nil, large, 2+i))
		go func() {
			others <- announce(p, fmt.Sprint(2+i)).Deliver(t.Context(), body)
		}()
	}
	r.take(in, func() bool { return len(r.records) >= 11 })
	for range 4 {
		if err := <-others; err != nil {
			t.Error(err)
		}
	}
}
