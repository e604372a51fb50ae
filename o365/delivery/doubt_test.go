package delivery

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Every value of a blob is delivered. One with something else in it is complete when
// another download has had the same, and is reported then, in one line.
func TestBlobsThatAreNotOneArray(t *testing.T) {
	const (
		a, b, c = `{"Id":"a"}`, `{"Id":"b"}`, `{"Id":"c"}`
		report  = "t c: blob i: %d of its elements are no usable records and are left out; the first: record %d at byte %d: "
		foreign = "data that is no JSON outside of any array"
	)
	for _, tt := range []struct {
		name      string
		bodies    []string
		downloads int
		records   int // delivered with dedup
		repeated  int // more without dedup: they stand behind what is in doubt
		malformed int
		log       string
	}{
		{"two arrays", []string{"[" + a + "][" + b + "," + c + "]"}, 1, 3, 0, 0, ""},
		{"one a line", []string{a + "\n" + b + "\n" + c + "\n"}, 1, 3, 0, 0, ""},
		{"one object", []string{"\ufeff" + a}, 1, 1, 0, 0, ""},
		{"zeros behind", []string{"[" + a + "]\x00\x00"}, 2, 1, 0, 1, fmt.Sprintf(report, 1, 1, 12) + foreign},
		{"page behind", []string{"[" + a + "]<p>{x}</p>"}, 2, 1, 0, 3, fmt.Sprintf(report, 3, 1, 12) + foreign},
		{"text that varies", []string{"[" + a + "]at 10:00:00", "[" + a + "]at 9:00"}, 2, 1, 0, 1, fmt.Sprintf(report, 1, 1, 12) + foreign},
		{"error object behind", []string{"[" + a + `]{"error":{"code":"AF50000"}}`}, 2, 1, 0, 1,
			fmt.Sprintf(report, 1, 1, 12) + "an object without Id and CreationTime, which is not in the array of records"},
		{"array behind text", []string{"[" + a + "]x[" + b + "]"}, 2, 2, 1, 1, fmt.Sprintf(report, 1, 1, 12) + foreign},
		{"array behind text that comes later", []string{"[" + a + "]x", "[" + a + "]x[" + b + "]"}, 3, 2, 1, 1, fmt.Sprintf(report, 1, 1, 12) + foreign},
		{"in the array and behind", []string{"[1," + a + "]x"}, 2, 1, 0, 2, fmt.Sprintf(report, 2, 0, 1) + "not a JSON object"},
		{"damage of one download", []string{"[" + a + "]x", "[" + a + "," + b + "," + c + "]"}, 2, 3, 0, 0, ""},
		{"error in place of records", []string{"[" + a + `]{"error":{"code":"AF50000"}}`, "[" + a + "," + b + "]"}, 2, 2, 0, 0, ""},
		{"more each time", []string{"[" + a + "]x", "[" + a + "," + b + "]x", "[" + a + "," + b + "," + c + "]x"}, 4, 3, 0, 1, fmt.Sprintf(report, 1, 3, 34) + foreign},
		{"one object of another kind", []string{`{"error":{"code":"AF429"}}`, "[" + a + "]"}, 2, 1, 0, 0, ""},
	} {
		for _, dedup := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/dedup %t", tt.name, dedup), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					options := ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}}
					if dedup {
						options.DedupMax, options.DedupWindow = 1000, time.Hour
					}
					l, err := ledger.Open("", options)
					if err != nil {
						t.Fatal(err)
					}
					numbers := metrics.New([]string{"t"}, []string{"c"})
					var lines []string
					log := logging.Logger(func(_ logging.Level, line string) { lines = append(lines, line) })
					d := New(Config{BatchSize: 1 << 10, QueueSize: 8 << 10, Dedup: dedup, Downloads: 1},
						l, health.NewMonitor(numbers.StreamIDs(), nil, log, nil), numbers, nil, log)
					defer func() { d.Close(time.Now().Add(time.Second)) }()
					item := d.Tenant("t", []source.ContentType{{Name: "c"}}).Announce(source.Item{ContentType: "c", ID: "i"}, func() {})
					downloads, records := 0, 0
					for err = fmt.Errorf("none yet"); err != nil && downloads < 9; downloads++ {
						err = item.Deliver(t.Context(), strings.NewReader(tt.bodies[min(downloads, len(tt.bodies)-1)]))
						synctest.Wait()
						for b := d.Next(); b != nil; b = d.Next() {
							records += b.Records
							b.Ack()
						}
						synctest.Wait()
						if done := l.Progress(source.Stream{Tenant: "t", ContentType: "c"}, "i").Done; done != (err == nil) {
							t.Errorf("download %d: done %t, %v", downloads, done, err)
						}
					}
					want := tt.records
					if !dedup {
						want += tt.repeated
					}
					if downloads != tt.downloads || records != want {
						t.Errorf("%d downloads, %d records; want %d, %d", downloads, records, tt.downloads, want)
					}
					if n := numbers.Stream("t", "c").Malformed.Load(); n != int64(tt.malformed) || strings.Join(lines, "\n") != tt.log {
						t.Errorf("%d malformed, %q; want %d, %q", n, lines, tt.malformed, tt.log)
					}
				})
			})
		}
	}
}
