package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var (
	exchange   = place{"exchange", "o365.exchange"}
	sharepoint = place{"sharepoint", ""}
)

// place is where the lane of a content type is found.
type place struct{ contentType, tag string }

func (p place) in(q *queue) *lane {
	return q.lane(source.Stream{Tenant: "t", ContentType: p.contentType}, p.tag)
}

// mark is a part that is recognised by a name.
func mark(records int, name string) part {
	return part{item: &item{Item: source.Item{ID: name}}, records: records}
}

// bytes returns how much memory is held, waiting, in flight and spare.
func (q *queue) bytes() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held
}

func add(t *testing.T, o *queue, l place, events, receipt string) {
	t.Helper()
	if err := o.add(t.Context(), l.in(o), []byte(events), mark(len(events), receipt)); err != nil {
		t.Fatal(err)
	}
}

func show(b *Batch) string {
	if b == nil {
		return "none"
	}
	var names []string
	for _, p := range b.parts {
		if p.item.ID != "" {
			names = append(names, p.item.ID)
		}
	}
	return fmt.Sprintf("%s %s %d %v", b.Tag, b.Events, b.Records, names)
}

func expect(t *testing.T, b *Batch, want string) {
	t.Helper()
	if got := show(b); got != want {
		t.Errorf("got batch %q, want %q", got, want)
	}
}

func TestBatchesFillAndKeepOrder(t *testing.T) {
	o := newQueue(5, 0, 100, 0)
	add(t, o, exchange, "ab", "1")
	add(t, o, exchange, "cde", "2")
	add(t, o, exchange, "f", "3")       // would make 6 bytes: next batch
	add(t, o, exchange, "0123456", "4") // larger than a batch may be: alone
	add(t, o, sharepoint, "x", "5")

	first := o.next()
	expect(t, first, "o365.exchange abcde 5 [1 2]")
	other := o.next()
	expect(t, other, " x 1 [5]")
	o.putBack(first)
	o.release(other)
	for _, want := range []string{"o365.exchange abcde 5 [1 2]", "o365.exchange f 1 [3]", "o365.exchange 0123456 7 [4]", "none"} {
		b := o.next()
		expect(t, b, want)
		if b != nil {
			o.release(b)
		}
	}
	if o.bytes() != 0 {
		t.Errorf("an empty queue holds %d bytes", o.bytes())
	}
}

func TestLanesTakeTurns(t *testing.T) {
	o := newQueue(1, 0, 100, 0)
	for range 3 {
		add(t, o, exchange, "e", "")
		add(t, o, sharepoint, "s", "")
	}
	var order strings.Builder
	for b := o.next(); b != nil; b = o.next() {
		order.Write(b.Events)
		o.release(b)
	}
	if order.String() != "eseses" {
		t.Errorf("lanes came as %q", order.String())
	}
}

func TestConfirmAndReturnOnce(t *testing.T) {
	o := newQueue(1, 0, 100, 0)
	add(t, o, exchange, "a", "")
	add(t, o, exchange, "b", "")
	b := o.next()
	o.release(b)
	o.release(b)
	o.putBack(b)
	b = o.next()
	expect(t, b, "o365.exchange b 1 []")
	o.release(b)
	expect(t, o.next(), "none")
}

// What the ledger knows of an item is how far it was delivered, so a batch is
// acknowledged after all older ones of its lane, whatever the receiver's order.
func TestAcknowledgedInOrder(t *testing.T) {
	q := newQueue(1, 100, 1000, 0)
	release := func(b *Batch) (done string) {
		for _, b := range q.release(b) {
			done += b.parts[0].item.ID
		}
		return done
	}
	for _, events := range []string{"1", "2", "3", "4", "5"} {
		add(t, q, exchange, events, events)
	}
	add(t, q, sharepoint, "s", "s")
	taken := make(map[string]*Batch)
	take := func() string {
		b := q.next()
		taken[string(b.Events)] = b
		return string(b.Events)
	}
	for range 5 {
		take()
	}
	for _, step := range []struct{ store, back, next, want string }{
		{store: "2"},
		{store: "s", want: "s"},
		{back: "1"},
		{store: "3"},
		{next: "1"},
		{back: "1"},
		{store: "1"}, // it is not in flight
		{next: "1"},
		{store: "1", want: "123"},
		{store: "2"},
		{next: "5"},
		{store: "5"},
		{back: "5"}, // it is stored
		{store: "4", want: "45"},
	} {
		switch {
		case step.back != "":
			q.putBack(taken[step.back])
		case step.next != "":
			if got := take(); got != step.next {
				t.Errorf("batch %s comes next, want %s", got, step.next)
			}
		default:
			if got := release(taken[step.store]); got != step.want {
				t.Errorf("batch %s is stored: %q acknowledged, want %q", step.store, got, step.want)
			}
		}
	}
	if q.bytes() != 0 || q.next() != nil {
		t.Errorf("%d bytes are left", q.bytes())
	}
}

// Events do not join a batch that came back while a later one is in flight: they would
// be acknowledged before it.
func TestBatchThatCameBackIsNotFilled(t *testing.T) {
	q := newQueue(4, 100, 1000, 0)
	add(t, q, exchange, "abc", "1")
	add(t, q, exchange, "def", "2")
	first, second := q.next(), q.next()
	q.putBack(first)
	add(t, q, exchange, "g", "3")
	expect(t, q.next(), "o365.exchange abc 3 [1]")
	q.putBack(second)
	add(t, q, exchange, "h", "4")
	expect(t, q.next(), "o365.exchange def 3 [2]")
	expect(t, q.next(), "o365.exchange gh 2 [3 4]")
}

// The receiver is called when there is something for it again.
func TestReady(t *testing.T) {
	q := newQueue(4, 100, 1000, 0)
	calls := 0
	q.ready = func() { calls++ }
	for _, step := range []struct {
		do   func()
		want int
	}{
		{func() { add(t, q, exchange, "abc", "") }, 1},
		{func() { add(t, q, exchange, "d", "") }, 1},
		{func() { add(t, q, sharepoint, "efgh", "") }, 1},
		{func() { q.next() }, 1},
		{func() { q.next() }, 1},
		{func() { add(t, q, exchange, "i", "") }, 2},
	} {
		if step.do(); calls != step.want {
			t.Errorf("%d calls, want %d", calls, step.want)
		}
	}
}

func TestAddWaitsWhileFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(4, 0, 11, 0)
		add(t, o, exchange, "0123", "")
		add(t, o, sharepoint, "4567", "")
		done := make(chan error, 1)
		go func() { done <- o.add(t.Context(), exchange.in(o), []byte("8"), mark(1, "")) }()
		synctest.Wait()
		b := o.next()
		select {
		case <-done:
			t.Fatal("an event was added to a full queue")
		default:
		}
		o.release(b)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestAddGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(4, 0, 4, 0)
		add(t, o, exchange, "0123", "")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- o.add(ctx, exchange.in(o), []byte("4"), mark(1, "")) }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if o.bytes() != 4 {
			t.Errorf("%d bytes are held, want 4", o.bytes())
		}
	})
}

func TestPushDoesNotWait(t *testing.T) {
	o := newQueue(4, 0, 4, 0)
	add(t, o, exchange, "0123", "")
	o.addNow(sharepoint.in(o), []byte("4"), mark(1, "pushed"))
	o.next()
	expect(t, o.next(), " 4 1 [pushed]")
}

func TestOneLargeBatchPassesAnEmptyQueue(t *testing.T) {
	o := newQueue(4, 0, 8, 0)
	add(t, o, exchange, "0123456789", "")
	expect(t, o.next(), "o365.exchange 0123456789 10 []")
}
