package delivery

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// However known and new records of all sizes follow each other, each new one is delivered
// once, whole and in its order, and each known one is counted.
func TestKnownRecordsAreLeftOut(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			l, err := ledger.Open("", ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}, DedupMax: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			s := start(Config{BatchSize: 1 << (10 + random.IntN(8)), QueueSize: 8 << 20, RecordMax: 1 << 20, Dedup: true}, l, "t", source.ContentType{})
			defer func() { s.Close(time.Now().Add(time.Second)) }()
			seen, known := make(map[string]bool), 0
			for n := range 4 {
				var all, fresh []string
				ids, size := 1+random.IntN(1000), 1+random.IntN(400)
				for range 500 {
					id := random.IntN(ids)
					length := id * 7919 % size
					if id%97 == 0 {
						length += 100 * id
					}
					text := fmt.Sprintf(`{"Id":"%d","CreationTime":"2026-03-01T12:00:00","Text":"%s"}`, id, strings.Repeat("x", length))
					all = append(all, text)
					if seen[text] {
						known++
						continue
					}
					seen[text] = true
					fresh = append(fresh, text)
				}
				item := s.Announce(source.Item{ContentType: "c", ID: fmt.Sprint(n)}, func() {})
				if err := item.Deliver(t.Context(), strings.NewReader("["+strings.Join(all, ",")+"]")); err != nil {
					t.Fatal(err)
				}
				var events string
				records := 0
				for s.numbers.Queue.Load() > 0 {
					more, n := s.take()
					events, records = events+more, records+n
					synctest.Wait() // for what is taken to be written
				}
				if want := encode(t, "["+strings.Join(fresh, ",")+"]"); events != want || records != len(fresh) {
					t.Fatalf("seed %d, item %d: %d records in %d bytes, want %d in %d", seed, n, records, len(events), len(fresh), len(want))
				}
			}
			if n := s.numbers.Duplicates.Load(); n != int64(known) {
				t.Errorf("seed %d: %d duplicates are counted, want %d", seed, n, known)
			}
		})
	}
}

// encode returns the events of a body.
func encode(t *testing.T, body string) string {
	t.Helper()
	d := record.NewDecoder(strings.NewReader(body), record.Options{})
	var all bytes.Buffer
	for {
		event, _, err := d.Append(nil)
		if err == io.EOF {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		all.Write(event)
	}
}
