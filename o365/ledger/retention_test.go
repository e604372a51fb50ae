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

func count(t *testing.T, l *Ledger, query string) (n int) {
	t.Helper()
	if err := l.store.(*file).conn.QueryRowContext(background, query).Scan(&n); err != nil {
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
	for n := range pruneBlobs + 10 {
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
	var c change
	for n := range gapsMost + 5 {
		c.gaps = append(c.gaps, Gap{exchange, source.Span{From: start, To: start}, fmt.Sprint(n), start})
	}
	if err := errors.Join(l.commit(c), l.Prune(start)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, l, "SELECT count(*) FROM gaps"); n != gapsMost {
		t.Errorf("%d rows", n)
	}
	if gaps := l.Gaps(exchange); len(gaps) != gapsMost || gaps[0].Reason != "5" {
		t.Errorf("%d gaps", len(gaps))
	}
}
