package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestRetentions(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []map[string]time.Duration{nil, {}, {"a": 0}, {"a": day, "b": -day}} {
		if l, err := Open("", Options{Retention: test}); !errors.Is(err, errNoRetention) {
			t.Errorf("%v: %v, %v", test, l, err)
		}
	}
	r, err := newRetentions(map[string]time.Duration{"Audit.Exchange": 7 * day, "signIns": 30 * day, "alerts": 180 * day})
	if err != nil {
		t.Fatal(err)
	}
	for contentType, want := range map[string]time.Duration{
		"Audit.Exchange": 7 * day, "signIns": 30 * day, "alerts": 180 * day,
		"Audit.General": 180 * day, // not collected now
	} {
		s := source.Stream{Tenant: "t1", ContentType: contentType}
		if got := r.of(s); got != want {
			t.Errorf("%s: %v instead of %v", contentType, got, want)
		}
		if got := start.Sub(r.firstListed(s, start)); got != want-5*time.Minute {
			t.Errorf("%s: listed %v back", contentType, got)
		}
		if got := start.Sub(r.spansFrom(s, start)); got != want+day {
			t.Errorf("%s: spans are kept for %v", contentType, got)
		}
	}
	if got := start.Sub(r.gapsFrom(start)); got != 181*day {
		t.Errorf("gaps are kept for %v, and are listed for 180 days", got)
	}
}

func TestBlobExpiry(t *testing.T) {
	const day = 24 * time.Hour
	r, err := newRetentions(map[string]time.Duration{"Audit.Exchange": 7 * day, "signIns": 30 * day})
	if err != nil {
		t.Fatal(err)
	}
	signIns := source.Stream{Tenant: "t1", ContentType: "signIns"}
	for _, test := range []struct {
		name             string
		stream           source.Stream
		created, expires time.Time
		want             time.Time
	}{
		{"as the service has it", exchange, start.Add(-day), start.Add(6 * day), start.Add(7 * day)},
		{"expires later than it is listed", exchange, start.Add(-day), start.Add(9 * day), start.Add(10 * day)},
		{"listed longer than it can be downloaded", exchange, start.Add(-day), start.Add(day), start.Add(7 * day)},
		{"no expiration", exchange, start.Add(-day), time.Time{}, start.Add(7 * day)},
		{"no creation", exchange, time.Time{}, start.Add(8 * day), start.Add(9 * day)},
		{"neither", exchange, time.Time{}, time.Time{}, start.Add(8 * day)},
		{"absurd", exchange, start, start.AddDate(5000, 0, 0), start.Add(31 * day)},
		{"kept for 30 days", signIns, start.Add(-day), start.Add(29 * day), start.Add(30 * day)},
		{"kept for 30 days, no expiration", signIns, start, time.Time{}, start.Add(31 * day)},
		{"kept for 30 days, absurd", signIns, start, start.AddDate(5000, 0, 0), start.Add(54 * day)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := time.Unix(int64(r.blobExpiry(Delivery{Stream: test.stream, Created: test.created, Expires: test.expires}, start)), 0)
			if !got.Equal(test.want) {
				t.Errorf("%v instead of %v", got.UTC(), test.want)
			}
		})
	}
}

// Content types of different retention in one ledger: each is pruned by its own,
// and stays complete over its own.
func TestRetentionsOfTwoContentTypes(t *testing.T) {
	const day = 24 * time.Hour
	now := start
	signIns := source.Stream{Tenant: "t1", ContentType: "signIns"}
	path := filepath.Join(scratch(t), "o365.db")
	opt := Options{Now: func() time.Time { return now }, Retention: map[string]time.Duration{"Audit.Exchange": 7 * day, "signIns": 30 * day}}
	l := open(t, path, opt)
	streams := []source.Stream{exchange, signIns}
	for d := range 40 {
		now = start.Add(time.Duration(d) * day)
		for _, s := range streams {
			_, err := l.Since(s, start)
			d := Delivery{Stream: s, Blob: fmt.Sprint(d), Created: now, Done: true}
			if err = errors.Join(err, l.Confirm([]Delivery{d}), l.Complete(s, source.Span{From: now, To: now.Add(day - time.Hour)}), l.Prune(now)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 2 {
		for i, want := range []struct{ spans, blobs int }{{9, 9}, {32, 32}} { // one more than the days, for the day that ends
			s := streams[i]
			blobs := 0
			for d := range 40 {
				if l.Progress(s, fmt.Sprint(d)).Done {
					blobs++
				}
			}
			if spans := len(l.Completed(s)); spans != want.spans || blobs != want.blobs {
				t.Errorf("%s: %d spans, %d blobs", s.ContentType, spans, blobs)
			}
		}
		l.Close()
		l = open(t, path, opt)
	}
	// What is older than the retention is not missed; within it, an hour of each day is.
	if got, want := l.Through(exchange, now), now.Add(23*time.Hour-7*day); !got.Equal(want) {
		t.Errorf("through %v instead of %v", got, want)
	}
	if got, want := l.Through(signIns, now), now.Add(23*time.Hour-30*day); !got.Equal(want) {
		t.Errorf("through %v instead of %v", got, want)
	}
}

func count(t *testing.T, l *Ledger, query string) (n int) {
	t.Helper()
	if err := l.store.(*sqliteStore).conn.QueryRowContext(background, query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// However long it runs, the file and memory stay what they were after 11 days.
func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	days := 30
	if brief() {
		days = 13
	}
	path := filepath.Join(scratch(t), "o365.db")
	now := start
	l := open(t, path, Options{DedupMax: 1 << 20, DedupWindow: 7 * 24 * time.Hour, Now: func() time.Time { return now }})
	var size int64
	for hour := range days * 24 {
		now = start.Add(time.Duration(hour) * time.Hour)
		d := Delivery{Stream: exchange, Created: now, Expires: now.Add(7 * 24 * time.Hour), Done: true}
		var ds []Delivery
		for i := range 20 {
			d.Blob = fmt.Sprint(now.Unix(), "$", now.Unix(), "$audit_exchange$Audit_Exchange$emea", i)
			d.Keys = append([]Key(nil), row(int64(hour), 0, 20).keys...)
			for j := range d.Keys {
				d.Keys[j][4] = byte(i)
			}
			ds = append(ds, d)
		}
		if err := errors.Join(l.Confirm(ds), l.Complete(exchange, source.Span{From: now.Add(-50 * time.Minute), To: now}), l.Prune(now),
			l.AddGap(Gap{exchange, source.Span{From: now.Add(-time.Hour), To: now}, "expired", now.Add(-85 * 24 * time.Hour)})); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if hour == 11*24 {
			size = info.Size()
		} else if hour > 11*24 && info.Size() > size*11/10 {
			t.Fatalf("hour %d: %d bytes, %d after 11 days", hour, info.Size(), size)
		}
	}
	for _, test := range []struct {
		what          string
		got, from, to int
	}{
		{"blobs", count(t, l, "SELECT count(*) FROM blobs"), 8 * 24 * 20, 8*24*20 + 20},
		{"key rows", count(t, l, "SELECT count(*) FROM keys"), 7 * 24, 8 * 24},
		{"spans", count(t, l, "SELECT count(*) FROM spans"), 8 * 24, 8*24 + 1},
		{"gaps", count(t, l, "SELECT count(*) FROM gaps"), 5 * 24, 5*24 + 2},
		{"keys in memory", l.state.keys.total, 7 * 24 * 400, 8 * 24 * 400},
		{"days in memory", len(l.state.blobs), 9, 10},
		{"spans in memory", len(l.Completed(exchange)), 8 * 24, 8*24 + 1},
		{"gaps in memory", len(l.Gaps(exchange)), 5 * 24, 5*24 + 2},
	} {
		if test.got < test.from || test.got > test.to {
			t.Errorf("%d %s, not %d to %d", test.got, test.what, test.from, test.to)
		}
	}
	if l.Evicted() != 0 {
		t.Errorf("%d evicted", l.Evicted())
	}
}

// A long list of old things goes in several short transactions.
func TestPruneInParts(t *testing.T) {
	l := open(t, filepath.Join(scratch(t), "o365.db"), Options{})
	var ds []Delivery
	for n := range maxDeletedBlobs + 10 {
		ds = append(ds, Delivery{Stream: exchange, Blob: fmt.Sprint(n), Created: start})
	}
	if err := l.Confirm(ds); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{10, 0, 0} {
		if err := l.Prune(start.Add(20 * 24 * time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := count(t, l, "SELECT count(*) FROM blobs"); got != want {
			t.Errorf("%d rows instead of %d", got, want)
		}
	}
}

func TestGapsAreBounded(t *testing.T) {
	l := open(t, filepath.Join(scratch(t), "o365.db"), Options{})
	var tx transaction
	for n := range maxGaps + 5 {
		tx.gaps = append(tx.gaps, Gap{exchange, source.Span{From: start, To: start}, fmt.Sprint(n), start})
	}
	if err := errors.Join(l.commit(tx), l.Prune(start)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, l, "SELECT count(*) FROM gaps"); n != maxGaps {
		t.Errorf("%d rows", n)
	}
	if gaps := l.Gaps(exchange); len(gaps) != maxGaps || gaps[0].Reason != "5" {
		t.Errorf("%d gaps", len(gaps))
	}
}
