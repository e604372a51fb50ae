package delivery

import (
	"context"
	"errors"
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

// A download that ends while the queue is full gives up what it could not queue, and
// the next one delivers each record once.
func TestDownloadEndsWhileTheQueueIsFull(t *testing.T) {
	var body strings.Builder
	const records = 40
	for n := range records {
		fmt.Fprintf(&body, `%c5,{"Id":"%d","Text":"%s"}`, "[,"[min(n, 1)], n, strings.Repeat("x", 100))
	}
	body.WriteString("]")
	for _, dedup := range []bool{true, false} {
		t.Run(fmt.Sprint("dedup ", dedup), func(t *testing.T) {
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
				log := logging.Logger(func(logging.Level, string) {})
				d := New(Config{BatchSize: 1 << 10, QueueSize: 8 << 10, Dedup: dedup, Downloads: 1},
					l, health.NewMonitor(numbers.StreamIDs(), nil, log, nil), numbers, nil, log)
				defer func() { d.Close(time.Now().Add(time.Second)) }()
				tenant := d.Tenant("t", []source.ContentType{{Name: "c"}})
				delivered := false
				item := tenant.Announce(source.Item{ContentType: "c", ID: "i"}, func() { delivered = true })

				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- item.Deliver(ctx, strings.NewReader(body.String())) }()
				synctest.Wait() // for the queue to be full
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Fatalf("the first download ended with %v", err)
				}
				stream := source.Stream{Tenant: "t", ContentType: "c"}
				if queued, waiting := numbers.Stream(stream.Tenant, stream.ContentType).Queue.Load(), d.Waiting(); queued != int64(waiting) || waiting == 0 {
					t.Errorf("%d bytes are counted, %d wait", queued, waiting)
				}
				go func() { ended <- item.Deliver(t.Context(), strings.NewReader(body.String())) }()
				taken := 0
				for {
					synctest.Wait()
					b := d.Next()
					if b == nil {
						break
					}
					taken += b.Records
					b.Ack()
				}
				if err := <-ended; err != nil || taken != records {
					t.Errorf("%d records in batches, the second download ended with %v", taken, err)
				}
				if n := numbers.Stream("t", "c").Malformed.Load(); n != records {
					t.Errorf("%d malformed elements are counted, want %d", n, records)
				}
				if done := l.Progress(stream, "i").Done; !done || !delivered {
					t.Errorf("done %v, delivered %v", done, delivered)
				}
			})
		})
	}
}
