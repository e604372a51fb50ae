package delivery

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

// Events of more than a batch are kept, not copied, and counted as what they are.
func TestLargeEventsAreKept(t *testing.T) {
	o := newQueue(4, 0, 1000, 0)
	events := append(make([]byte, 0, 64), "0123456789"...)
	add(t, o, exchange, "ab", "")
	if err := o.add(t.Context(), exchange.in(o), events, mark(1, "large")); err != nil {
		t.Fatal(err)
	}
	add(t, o, exchange, "cd", "")
	if o.bytes() < 64+4 || o.bytes() > 64+8 {
		t.Errorf("%d bytes are held", o.bytes())
	}
	o.release(o.next())
	b := o.next()
	expect(t, b, "o365.exchange 0123456789 1 [large]")
	if &b.Events[0] != &events[0] {
		t.Error("they are copied")
	}
	o.release(b) // while another waits
	b = o.next()
	expect(t, b, "o365.exchange cd 2 []")
	o.release(b)
	if o.bytes() != 0 {
		t.Errorf("%d bytes are held by an empty queue", o.bytes())
	}
}

// Adders with little do not keep one with much from its turn.
func TestLargeEventsHaveTheirTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(4, 0, 40, 0)
		add(t, o, sharepoint, "0123", "")
		large := make(chan error, 1)
		go func() { large <- o.add(t.Context(), exchange.in(o), []byte(strings.Repeat("x", 39)), mark(1, "")) }()
		synctest.Wait()
		small := make(chan error, 1)
		go func() { small <- o.add(t.Context(), sharepoint.in(o), []byte("4567"), mark(1, "")) }()
		synctest.Wait()
		select {
		case <-large:
			t.Fatal("there was room for the large one")
		case <-small:
			t.Fatal("the small one went first")
		default:
		}
		o.release(o.next())
		if err := <-large; err != nil {
			t.Fatal(err)
		}
		o.release(o.next())
		if err := <-small; err != nil {
			t.Fatal(err)
		}
	})
}

// One that gives up lets the others go on.
func TestLargeEventsGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(4, 0, 40, 0)
		add(t, o, sharepoint, "0123", "")
		ctx, cancel := context.WithCancel(t.Context())
		large := make(chan error, 1)
		go func() { large <- o.add(ctx, exchange.in(o), []byte(strings.Repeat("x", 39)), mark(1, "")) }()
		synctest.Wait()
		small := make(chan error, 1)
		go func() { small <- o.add(t.Context(), sharepoint.in(o), []byte("4567"), mark(1, "")) }()
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
func TestReserveLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(4, 4, 100, 0)
		for _, bytes := range []int{10, 60} {
			if err := o.reserveLarge(t.Context(), "first", bytes); err != nil {
				t.Fatal(err)
			}
		}
		second := make(chan error, 1)
		go func() { second <- o.reserveLarge(t.Context(), "second", 10) }()
		gaveUp, cancel := context.WithCancel(t.Context())
		cancel()
		if err := o.reserveLarge(gaveUp, "third", 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for range 8 { // 100, without 60, and without 8 for copies of what is in flight
			add(t, o, exchange, "0123", "")
		}
		added := make(chan error, 1)
		go func() { added <- o.add(t.Context(), exchange.in(o), []byte("0123"), mark(1, "")) }()
		synctest.Wait()
		o.releaseLarge("second") // which has nothing
		synctest.Wait()
		select {
		case <-second:
			t.Fatal("two at a time")
		case <-added:
			t.Fatal("what is taken is there for others")
		default:
		}
		o.releaseLarge("first")
		if err := errors.Join(<-second, <-added); err != nil {
			t.Error(err)
		}
	})
}

// Records of a few bytes each count by what is remembered of them.
func TestTinyRecords(t *testing.T) {
	const limit, cost = 1 << 20, 64
	o := newQueue(1<<10, 0, limit, cost)
	full, cancel := context.WithCancel(t.Context())
	cancel()
	records := 0
	for o.add(full, exchange.in(o), []byte("0123456789"), mark(10, "")) == nil {
		records += 10
	}
	if records < limit/8/cost || records*cost > limit/4 {
		t.Errorf("%d records", records)
	}
	for b := o.next(); b != nil; b = o.next() {
		o.putBack(b)
		o.release(o.next())
	}
	if o.records != 0 {
		t.Errorf("%d records are left", o.records)
	}
}

// The room for large events is that of their buffer, and spare buffers make way for it.
func TestLargeEventsTakeSpareRoom(t *testing.T) {
	full, cancel := context.WithCancel(t.Context())
	cancel()
	o := newQueue(8, 8, 80, 0) // of which 16 are for copies
	for range 4 {
		o.addNow(exchange.in(o), []byte("01234567"), mark(1, ""))
	}
	o.release(o.next()) // its buffer is kept: others wait
	if err := o.add(full, exchange.in(o), make([]byte, 20, 41), mark(1, "")); err == nil {
		t.Errorf("a buffer of 41 bytes has room beside %d", o.bytes())
	}
	if err := o.add(full, exchange.in(o), make([]byte, 20, 40), mark(1, "")); err != nil {
		t.Errorf("a buffer of 40 bytes has no room beside %d", o.bytes())
	}
	if o.bytes() != 3*8+40 {
		t.Errorf("%d bytes are held", o.bytes())
	}
	for b := o.next(); b != nil; b = o.next() {
		o.release(b)
	}
	if o.bytes() != 0 {
		t.Errorf("%d bytes are held by an empty queue", o.bytes())
	}
}
