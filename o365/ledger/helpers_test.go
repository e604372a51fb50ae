package ledger

import (
	"database/sql"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var exchange = source.Stream{Tenant: "t1", ContentType: "Audit.Exchange"}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(t time.Time) func() time.Time { return func() time.Time { return t } }

// lines collects what is logged.
type lines []string

func (l *lines) log(_ logging.Level, line string) { *l = append(*l, line) }

// sevenDays is the retention of every content type.
var sevenDays = map[string]time.Duration{exchange.ContentType: 7 * 24 * time.Hour}

// tryOpen opens a ledger whose source keeps content for 7 days.
func tryOpen(path string, opt Options) (*Ledger, error) {
	if opt.Retention == nil {
		opt.Retention = sevenDays
	}
	return Open(path, opt)
}

func open(t testing.TB, path string, opt Options) *Ledger {
	t.Helper()
	if opt.DedupMax == 0 {
		opt.DedupMax = 1000
	}
	if opt.Now == nil {
		opt.Now = at(start)
	}
	l, err := tryOpen(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// scratch is a directory in memory if there is one: a sync costs nothing there,
// and no test cuts the power.
func scratch(t testing.TB) string {
	dir, err := os.MkdirTemp("/dev/shm", "ledger")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// raced is set by the race detector, which makes SQLite 20 times slower and has
// little to find in it.
var raced bool

// brief reports whether a few cases must do.
func brief() bool { return raced || testing.Short() }

// claim reports whether a record is new.
func claim(l *Ledger, k Key) bool {
	_, verdict := claimOne(l, k)
	return verdict == New
}

func claimOne(l *Ledger, k Key) (Key, Verdict) {
	one := [1]Claim{{Key: k}}
	l.Claim(one[:])
	return one[0].Key, one[0].Verdict
}

// delivery n is the same every time it is asked for.
func delivery(n int) Delivery {
	d := Delivery{
		Stream:  exchange,
		Blob:    fmt.Sprintf("20260301115959%09d$audit_exchange$Audit_Exchange$emea0036", n),
		Created: start.Add(-time.Minute),
		Expires: start.Add(7 * 24 * time.Hour),
		Through: n%7 + 1,
		Done:    n%3 > 0,
	}
	for i := range n%7 + 1 {
		d.Keys = append(d.Keys, Key{byte(n >> 16), byte(n >> 8), byte(n), byte(i), 1})
	}
	return d
}

// known reports whether all, or else nothing, of a delivery is confirmed.
func known(t *testing.T, l *Ledger, d Delivery) bool {
	t.Helper()
	p := l.Progress(d.Stream, d.Blob)
	all := p == Progress{d.Through, d.Done}
	if !all && p != (Progress{}) {
		t.Fatalf("%s: half of it: %+v", d.Blob, p)
	}
	for _, k := range d.Keys {
		if claim(l, k) == all {
			t.Fatalf("%s: blob known %v, but its key %x is not alike", d.Blob, all, k)
		}
		l.Release([]Key{k})
	}
	return all
}

// since asks from when on a stream is collected, first if that is not known.
func since(t testing.TB, l *Ledger, first, want time.Time) {
	t.Helper()
	if got, err := l.Since(exchange, first); err != nil || !got.Equal(want) {
		t.Errorf("since %v instead of %v, %v", got, want, err)
	}
}

// edit changes a file as no ledger does.
func edit(t *testing.T, path, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}
