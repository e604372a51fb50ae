package outbox

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

// Events of more than a batch are kept, not copied, and counted as what they are.
func TestLargeEventsAreKept(t *testing.T) {
	o := New[string](4, 1000, 0)
	events := append(make([]byte, 0, 64), "0123456789"...)
	add(t, o, exchange, "ab", "")
	if err := o.Add(t.Context(), exchange, events, 1, "large"); err != nil {
		t.Fatal(err)
	}
	add(t, o, exchange, "cd", "")
	if o.Bytes() < 64+4 || o.Bytes() > 64+8 {
		t.Errorf("%d bytes are held", o.Bytes())
	}
	o.Confirm(o.Next())
	b := o.Next()
	expect(t, b, "o365.exchange 0123456789 1 [large]")
	if &b.Events[0] != &events[0] {
		t.Error("they are copied")
	}
	o.Confirm(b)
	expect(t, o.Next(), "o365.exchange cd 2 []")
}

// Adders with little do not keep one with much from its turn.
func TestLargeEventsHaveTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New[string](4, 40, 0)
		add(t, o, sharepoint, "0123", "")
		large := make(chan error, 1)
		go func() { large <- o.Add(t.Context(), exchange, []byte(strings.Repeat("x", 39)), 1, "") }()
		synctest.Wait()
		small := make(chan error, 1)
		go func() { small <- o.Add(t.Context(), sharepoint, []byte("4567"), 1, "") }()
		synctest.Wait()
		select {
		case <-large:
			t.Fatal("there was room for the large one")
		case <-small:
			t.Fatal("the small one went first")
		default:
		}
		o.Confirm(o.Next())
		if err := <-large; err != nil {
			t.Fatal(err)
		}
		o.Confirm(o.Next())
		if err := <-small; err != nil {
			t.Fatal(err)
		}
	})
}

// One that gives up lets the others go on.
func TestLargeEventsGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New[string](4, 40, 0)
		add(t, o, sharepoint, "0123", "")
		ctx, cancel := context.WithCancel(t.Context())
		large := make(chan error, 1)
		go func() { large <- o.Add(ctx, exchange, []byte(strings.Repeat("x", 39)), 1, "") }()
		synctest.Wait()
		small := make(chan error, 1)
		go func() { small <- o.Add(t.Context(), sharepoint, []byte("4567"), 1, "") }()
		synctest.Wait()
		cancel()
		if err := <-large; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-small; err != nil {
			t.Error(err)
		}
	})
}

// One large record is read at a time; its holder may ask for more, and what it
// takes is not there for others.
func TestEnlarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New[string](4, 100, 0)
		for _, bytes := range []int{10, 60} {
			if err := o.Enlarge(t.Context(), "first", bytes); err != nil {
				t.Fatal(err)
			}
		}
		second := make(chan error, 1)
		go func() { second <- o.Enlarge(t.Context(), "second", 10) }()
		gaveUp, cancel := context.WithCancel(t.Context())
		cancel()
		if err := o.Enlarge(gaveUp, "third", 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for range 8 { // 100, without 60, and without 8 for copies of a batch
			add(t, o, exchange, "0123", "")
		}
		added := make(chan error, 1)
		go func() { added <- o.Add(t.Context(), exchange, []byte("0123"), 1, "") }()
		synctest.Wait()
		o.Restore("second") // which has nothing
		synctest.Wait()
		select {
		case <-second:
			t.Fatal("two at a time")
		case <-added:
			t.Fatal("what is taken is there for others")
		default:
		}
		o.Restore("first")
		if err := errors.Join(<-second, <-added); err != nil {
			t.Error(err)
		}
	})
}

// Records of a few bytes each count by what is remembered of them.
func TestTinyRecords(t *testing.T) {
	const limit, cost = 1 << 20, 64
	o := New[string](1<<10, limit, cost)
	full, cancel := context.WithCancel(t.Context())
	cancel()
	records := 0
	for o.Add(full, exchange, []byte("0123456789"), 10, "") == nil {
		records += 10
	}
	if records < limit/8/cost || records*cost > limit/4 {
		t.Errorf("%d records", records)
	}
	for b := o.Next(); b != nil; b = o.Next() {
		o.Return(b)
		o.Confirm(o.Next())
	}
	if o.records != 0 {
		t.Errorf("%d records are left", o.records)
	}
}
