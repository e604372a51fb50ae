package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
)

var (
	exchange   = Lane{Name: "t/exchange", Tag: "o365.exchange"}
	sharepoint = Lane{Name: "t/sharepoint"}
)

func add(t *testing.T, o *Outbox[string], l Lane, events, receipt string) {
	t.Helper()
	if err := o.Add(t.Context(), l, []byte(events), len(events), receipt); err != nil {
		t.Fatal(err)
	}
}

func show(b *Batch[string]) string {
	if b == nil {
		return "none"
	}
	return fmt.Sprintf("%s %s %d %v", b.Tag, b.Events, b.Records, b.Receipts)
}

func expect(t *testing.T, b *Batch[string], want string) {
	t.Helper()
	if got := show(b); got != want {
		t.Errorf("got batch %q, want %q", got, want)
	}
}

func TestBatchesFillAndKeepOrder(t *testing.T) {
	o := New[string](5, 100, 0)
	add(t, o, exchange, "ab", "1")
	add(t, o, exchange, "cd", "2")
	add(t, o, exchange, "ef", "3")      // would make 6 bytes: next batch
	add(t, o, exchange, "0123456", "4") // larger than a batch may be: alone
	add(t, o, sharepoint, "x", "5")

	first := o.Next()
	expect(t, first, "o365.exchange abcd 4 [1 2]")
	other := o.Next()
	expect(t, other, " x 1 [5]")
	expect(t, o.Next(), "none") // both lanes have a batch in flight

	o.Return(first)
	o.Confirm(other)
	again := o.Next()
	expect(t, again, "o365.exchange abcd 4 [1 2]")
	o.Confirm(again)
	for _, want := range []string{"o365.exchange ef 2 [3]", "o365.exchange 0123456 7 [4]", "none"} {
		b := o.Next()
		expect(t, b, want)
		if b != nil {
			o.Confirm(b)
		}
	}
	if o.Bytes() != 0 {
		t.Errorf("an empty outbox holds %d bytes", o.Bytes())
	}
}

func TestLanesTakeTurns(t *testing.T) {
	o := New[string](1, 100, 0)
	for range 3 {
		add(t, o, exchange, "e", "")
		add(t, o, sharepoint, "s", "")
	}
	var order strings.Builder
	for b := o.Next(); b != nil; b = o.Next() {
		order.Write(b.Events)
		o.Confirm(b)
	}
	if order.String() != "eseses" {
		t.Errorf("lanes came as %q", order.String())
	}
}

func TestConfirmAndReturnOnce(t *testing.T) {
	o := New[string](1, 100, 0)
	add(t, o, exchange, "a", "")
	add(t, o, exchange, "b", "")
	b := o.Next()
	o.Confirm(b)
	o.Confirm(b)
	o.Return(b)
	b = o.Next()
	expect(t, b, "o365.exchange b 1 []")
	o.Confirm(b)
	expect(t, o.Next(), "none")
}

func TestAddWaitsWhileFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New[string](4, 11, 0)
		add(t, o, exchange, "0123", "")
		add(t, o, sharepoint, "4567", "")
		done := make(chan error, 1)
		go func() { done <- o.Add(t.Context(), exchange, []byte("8"), 1, "") }()
		synctest.Wait()
		b := o.Next()
		select {
		case <-done:
			t.Fatal("an event was added to a full outbox")
		default:
		}
		o.Confirm(b)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestAddGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New[string](4, 4, 0)
		add(t, o, exchange, "0123", "")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- o.Add(ctx, exchange, []byte("4"), 1, "") }()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if o.Bytes() != 4 {
			t.Errorf("%d bytes are held, want 4", o.Bytes())
		}
	})
}

func TestPushDoesNotWait(t *testing.T) {
	o := New[string](4, 4, 0)
	add(t, o, exchange, "0123", "")
	o.Push(sharepoint, []byte("4"), 1, "pushed")
	o.Next()
	expect(t, o.Next(), " 4 1 [pushed]")
}

func TestOneLargeBatchPassesAnEmptyOutbox(t *testing.T) {
	o := New[string](4, 8, 0)
	add(t, o, exchange, "0123456789", "")
	expect(t, o.Next(), "o365.exchange 0123456789 10 []")
}
