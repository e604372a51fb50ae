package delivery

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// However spans and gaps, and what is taken back of them, are gathered, the ledger has in
// the end what it would have if each had been written at once.
func TestChangesInAnyPortions(t *testing.T) {
	stream := source.Stream{Tenant: "t", ContentType: "c"}
	start := time.Now().UTC().Truncate(time.Second).Add(-24 * time.Hour)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		at := func() time.Time { return start.Add(time.Duration(random.IntN(8)) * time.Hour) }
		direct, gathered := openMemory(t), openMemory(t)
		var queued, pending changes
		for range 20 {
			gap := ledger.Gap{Stream: stream, Span: source.Span{From: start, To: at().Add(time.Hour)}, Reason: "gone", Found: start}
			switch random.IntN(5) {
			case 0:
				after := at()
				if err := direct.Retract(stream, after); err != nil {
					t.Fatal(err)
				}
				queued.retract(stream, after)
			case 1:
				from := at()
				span := source.Span{From: from, To: from.Add(time.Hour)}
				if err := direct.Complete(stream, span); err != nil {
					t.Fatal(err)
				}
				queued.complete(stream, span)
			case 3:
				if err := direct.AddGap(gap); err != nil {
					t.Fatal(err)
				}
				queued.gaps = append(queued.gaps, gap)
			case 4:
				if err := direct.RemoveGaps(gap); err != nil {
					t.Fatal(err)
				}
				queued.takeBack(gap)
			case 2:
				pending.take(&queued)
				if random.IntN(2) > 0 {
					if err := pending.write(gathered, func(source.Stream) {}); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		pending.take(&queued)
		if err := pending.write(gathered, func(source.Stream) {}); err != nil {
			t.Fatal(err)
		}
		if got, want := gathered.Completed(stream), direct.Completed(stream); !slices.Equal(got, want) {
			t.Fatalf("seed %d: %v instead of %v", seed, got, want)
		}
		got, want := gathered.Gaps(stream), direct.Gaps(stream)
		for _, gaps := range [][]ledger.Gap{got, want} {
			slices.SortFunc(gaps, func(a, b ledger.Gap) int { return a.Span.To.Compare(b.Span.To) })
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: gaps %v instead of %v", seed, got, want)
		}
	}
}

func openMemory(t *testing.T) *ledger.Ledger {
	l, err := ledger.Open("", ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}
