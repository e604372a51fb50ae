package replay

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// noted is a sink that notes what goes through it.
type noted struct {
	Sink
	items     []source.Item
	forgotten int
	lost      []ledger.Gap
	back      []ledger.Gap
}

type notedDelivery struct {
	collector.Delivery
	of *noted
}

func (d notedDelivery) Forget() {
	d.of.forgotten++
	d.Delivery.Forget()
}

func (s *noted) Announce(i source.Item, delivered func()) collector.Delivery {
	s.items = append(s.items, i)
	return notedDelivery{s.Sink.Announce(i, delivered), s}
}

func (s *noted) Lost(g ledger.Gap)                      { s.lost = append(s.lost, g) }
func (s *noted) TakeBack(g ledger.Gap, _ ...ledger.Gap) { s.back = append(s.back, g) }

// A gap is recorded once, and taken back once.
func TestGaps(t *testing.T) {
	var s noted
	r := Replay{config: Config{Sinks: map[string]Sink{"t": &s}}}
	r.gaps.known = make(map[lost]ledger.Gap)
	span := source.Span{From: start, To: start.Add(time.Second)}
	r.takeBackGap(general, "object a")
	for range 2 {
		r.addGap(general, span, "object a", "it is damaged")
	}
	r.addGap(exchange, span, "object a", "it is damaged")
	r.addGap(general, span, "object b", "it was removed")
	for range 2 {
		r.takeBackGap(general, "object a")
	}
	if len(s.lost) != 3 || s.lost[0].Span != span || s.lost[0].Stream != general || s.lost[0].Reason != "object a: it is damaged" {
		t.Errorf("recorded %+v", s.lost)
	}
	if len(s.back) != 1 || s.back[0].Stream != general || s.back[0].Span != span || s.back[0].Reason != s.lost[0].Reason {
		t.Errorf("taken back %+v", s.back)
	}
}

// A lost object is a gap of one second, that of a shortened hour is of the hour; what was
// announced ends, delivered or lost.
func TestWhatGoesToTheSink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Concurrency = 1
		const text = `[{"Id":"1","CreationTime":"2021-03-28T01:00:00"}]`
		at := start.Add(90 * time.Minute)
		r.putText(general, "dated", at, 1, archive.JSON, text)
		r.putBytes(r.putText(general, "hour", at, 1, archive.JSON, text), zipped(text), nil)
		r.putText(general, "undated", time.Time{}, 1, archive.JSON, text)
		r.putBytes(r.putText(general, "bad", at, 1, archive.JSON, ""), zipped(text)[:20], nil)
		removed := r.putText(general, "removed", start.Add(3*time.Hour), 1, archive.JSON, text)
		r.store.failing(func(name string) error {
			if name == archive.Name("t", source.Item{ContentType: "Audit.General", ID: "dated", Created: at}, archive.JSON, 1) {
				_ = r.store.Delete(context.Background(), removed)
			}
			return nil
		})
		r.noted = &noted{}
		begun := time.Now()
		if !r.run() {
			t.Fatal("not done")
		}
		want := map[string]time.Time{"dated.json.gz": at, "hour.json.gz": start.Add(time.Hour), "undated.json.gz": {}, "bad.json.gz": start.Add(time.Hour)}
		for _, i := range r.noted.items {
			created, ok := want[i.ID]
			if left := i.Expires.Sub(begun); !ok || !i.Created.Equal(created) || i.ContentType != "Audit.General" || left < 30*24*time.Hour || left > 30*24*time.Hour+time.Minute {
				t.Errorf("announced %+v", i)
			}
			delete(want, i.ID)
		}
		if len(want) > 0 || r.noted.forgotten != 4 {
			t.Errorf("not announced: %v; %d of 4 ended", want, r.noted.forgotten)
		}
		spans := map[string]source.Span{}
		for _, g := range r.noted.lost {
			spans[g.Reason] = g.Span
		}
		if got := spans["object bad.json.gz: it is damaged; what could be read of it is delivered"]; got != (source.Span{From: start.Add(time.Hour), To: start.Add(time.Hour + time.Second)}) {
			t.Errorf("gaps %v", spans)
		}
		if got := spans["1 objects of 2021-03-28T03Z: they were removed"]; len(spans) != 2 || got != (source.Span{From: start.Add(3 * time.Hour), To: start.Add(4 * time.Hour)}) {
			t.Errorf("gaps %v", spans)
		}
	})
}

// Single refusals are no reason to wait, however many they are: neither between objects
// that come, nor of objects that were removed.
func TestSingleRefusals(t *testing.T) {
	forbidden := &storage.Error{What: "there is no permission", Do: "grant it"}
	for name, refusal := range map[string]func(n int) error{
		"every second": func(n int) error {
			if n%2 == 0 {
				return forbidden
			}
			return nil
		},
		"removed, and one forbidden": func(n int) error {
			if n == 70 {
				return forbidden
			}
			return storage.ErrNotFound
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.config.Concurrency = 1
				r.days(1)
				numbers := map[string]int{}
				lost := 0
				for n := range 24 * 2 * 2 {
					if refusal(n) != nil {
						lost++
					}
				}
				r.store.getting(func(name string) error {
					if _, ok := numbers[name]; !ok {
						numbers[name] = len(numbers)
					}
					return refusal(numbers[name])
				})
				if !r.run() {
					t.Fatal("not done")
				}
				m := r.set.Stream("t", "Audit.General")
				all := m.Lost.Load() + r.set.Stream("t", "Audit.Exchange").Lost.Load()
				if all != int64(lost) || r.log.count("can't be read: ") != 0 {
					t.Errorf("%d of %d objects are lost\n%s", all, lost, r.log.text())
				}
				if retries := m.Retries.Load() + r.set.Stream("t", "Audit.Exchange").Retries.Load(); retries != all*mostAttempts {
					t.Errorf("%d attempts failed, want %d", retries, all*mostAttempts)
				}
			})
		})
	}
}
