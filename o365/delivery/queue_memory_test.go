package delivery

import (
	"bytes"
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// The limit is one on memory: of all buffers there are, and of the copies that
// the host has of what is in flight.
func TestLimitCountsRoom(t *testing.T) {
	const batch, unstored, limit = 1 << 10, 4 << 10, 32 << 10
	places := []place{{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		o := newQueue(batch, unstored, limit, 0)
		var out []*Batch
		full, cancel := context.WithCancel(t.Context())
		cancel() // nothing waits
		for range 5000 {
			switch rnd.IntN(4) {
			case 0, 1:
				l, events := places[rnd.IntN(1+rnd.IntN(len(places)))].in(o), make([]byte, 1+rnd.IntN(batch))
				before, needed := o.bytes(), o.bytesNeeded(l, len(events))
				if o.add(full, l, events, mark(1, "")) == nil && o.bytes() > before+needed {
					t.Fatalf("seed %d: %d bytes were to be needed, %d are", seed, needed, o.bytes()-before)
				}
				if last := l.last(); last != nil && cap(last.Events) > batch {
					t.Fatalf("seed %d: the buffer of a batch has %d bytes", seed, cap(last.Events))
				}
			case 2:
				if inFlight(o)+batch > unstored {
					break
				}
				if b := o.next(); b != nil {
					out = append(out, b)
				}
			case 3:
				for _, b := range out {
					if rnd.IntN(8) == 0 {
						o.putBack(b)
					} else {
						o.release(b)
					}
				}
				out = nil
			}
			memory, copies := 0, inFlight(o)
			for _, l := range o.lanes {
				for _, b := range slices.Concat(l.waiting, l.inFlight) {
					memory += cap(b.Events)
				}
			}
			for _, buf := range o.spare {
				memory += cap(buf)
			}
			if memory != o.bytes() {
				t.Fatalf("seed %d: %d bytes of memory, %d are counted", seed, memory, o.bytes())
			}
			if memory+copies > limit {
				t.Fatalf("seed %d: %d bytes, and %d of the host's", seed, memory, copies)
			}
		}
	}
}

// inFlight is how many bytes the receiver has and has not answered.
func inFlight(q *queue) (bytes int) {
	for _, l := range q.lanes {
		for _, b := range l.inFlight {
			bytes += len(b.Events)
		}
	}
	return bytes
}

// What is left for events is the limit without all other memory, to the byte.
func TestLimitIsExact(t *testing.T) {
	const batch, copies, limit, cost = 1 << 10, 8 << 10, 64 << 10, 64
	for _, tt := range []struct {
		name string
		take func(o *queue)
		cost int
	}{
		{"what is in flight", func(*queue) {}, copies}, // in the host's hands, and in its storage
		{"more in flight", func(o *queue) { o.unstoredMax = limit }, limit / 4},
		{"a download", func(o *queue) { _, _ = o.reserve(t.Context(), 5000, 1) }, copies + 5000},
		{"a download of four", func(o *queue) { _, _ = o.reserve(t.Context(), 5000, 4) }, copies + limit/16},
		{"an item", func(o *queue) { o.account(1000) }, copies + 1000},
		{"many items", func(o *queue) { o.account(limit) }, copies + limit/8},
		{"a large record", func(o *queue) { _ = o.reserveLarge(t.Context(), "", 3000) }, copies + 3000},
		{"a large record that grew", func(o *queue) {
			_ = o.reserveLarge(t.Context(), "", 3000)
			_ = o.reserveLarge(t.Context(), "", 4000)
		}, copies + 4000},
		{"records", func(o *queue) { o.addNow(exchange.in(o), []byte("0"), mark(10, "")) }, copies + 10*cost},
		{"records in flight", func(o *queue) {
			o.addNow(exchange.in(o), []byte("0"), mark(10, ""))
			o.next()
		}, copies + 10*cost},
	} {
		o := newQueue(batch, copies/2, limit, cost)
		o.addNow(exchange.in(o), make([]byte, batch), mark(0, ""))
		tt.take(o)
		free := limit - tt.cost - o.bytes()
		if !o.fits(free) || o.fits(free+1) {
			t.Errorf("%s: of %d bytes %v fit, of %d %v", tt.name, free, o.fits(free), free+1, o.fits(free+1))
		}
	}
	d := New(Config{BatchSize: batch, QueueSize: limit}, openMemory(t), nil, nil, nil, nil)
	defer d.Close(time.Now().Add(time.Second))
	if d.queue.limit != limit/garbageShare*(garbageShare-1) {
		t.Errorf("%d bytes of %d are for the queue", d.queue.limit, limit)
	}
}

// A batch that grows needs no room but for what it grows by.
func TestLastBytesOfTheLimit(t *testing.T) {
	o := newQueue(8, 2, 16, 0)
	add(t, o, exchange, "0", "")
	full, cancel := context.WithCancel(t.Context())
	cancel()
	for n := range 7 { // 16, without 4 for copies
		if err := o.add(full, exchange.in(o), []byte("1"), mark(1, "")); err != nil {
			t.Errorf("byte %d of a batch: %v", n+1, err)
		}
	}
}

// A lane that fills takes no new memory for its next batch, and an empty
// queue keeps none.
func TestBuffersAreUsedAgain(t *testing.T) {
	const batch = 64 << 10
	o := newQueue(batch, 0, 1<<20, 0)
	events, lane, p := bytes.Repeat([]byte{'e'}, batch/4), exchange.in(o), mark(1, "")
	push := func() {
		for range 4 {
			if err := o.add(t.Context(), lane, events, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 3 {
		push()
	}
	perBatch := testing.AllocsPerRun(100, func() {
		b := o.next()
		o.release(b)
		push()
	})
	before := o.bytes()
	o.release(o.next())
	push()
	if o.bytes() != before {
		t.Errorf("%d bytes are held, %d before", o.bytes(), before)
	}
	if perBatch > 6 { // the batch, its parts, the channel
		t.Errorf("%v allocations for a batch", perBatch)
	}
	for b := o.next(); b != nil; b = o.next() {
		o.release(b)
	}
	if o.bytes() != 0 {
		t.Errorf("an empty queue holds %d bytes", o.bytes())
	}
}

// So does one whose only batch is in flight: while others wait, there are
// buffers to spare.
func TestEmptyLaneTakesSpareBuffer(t *testing.T) {
	const batch = 64 << 10
	o := newQueue(batch, 0, 1<<20, 0)
	for range 3 {
		o.addNow(sharepoint.in(o), make([]byte, batch), mark(1, ""))
	}
	o.release(o.next())
	before := o.bytes()
	o.addNow(exchange.in(o), make([]byte, 100), mark(1, ""))
	if o.bytes() != before {
		t.Errorf("%d bytes are held, %d before", o.bytes(), before)
	}
}

// Many quiet lanes do not take the room of a batch each.
func TestQuietLanesAreSmall(t *testing.T) {
	o := newQueue(1<<20, 0, 32<<20, 0)
	for i := range 250 {
		o.addNow(place{string(rune('a' + i)), ""}.in(o), make([]byte, 1000), mark(1, ""))
	}
	if o.bytes() > 300<<10 {
		t.Errorf("%d bytes are held for 250 events of 1000", o.bytes())
	}
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(4, 4, 100, 0)
		reserve := func(n, least int) func() {
			release, err := o.reserve(t.Context(), n, least)
			if err != nil {
				t.Error(err)
			}
			return release
		}
		first, second := reserve(10, 1), reserve(15, 1)
		reserved := make(chan func())
		go func() { reserved <- reserve(1, 1) }()
		synctest.Wait()
		select {
		case <-reserved:
			t.Fatal("more than a quarter of the limit is reserved")
		default:
		}
		first()
		third := <-reserved
		second()
		third()
		for range 5 { // however much they take
			defer reserve(1000, 5)()
		}
		for range 8 { // 100, without 25 and without 8 for copies of what is in flight
			add(t, o, exchange, "01234567", "")
		}
		gaveUp, cancel := context.WithCancel(t.Context())
		cancel()
		if o.add(gaveUp, exchange.in(o), []byte("01234567"), mark(1, "")) == nil {
			t.Error("more was added than is left beside what is reserved")
		}
		if _, err := o.reserve(gaveUp, 1, 1); err == nil {
			t.Error("reserved beyond a quarter of the limit")
		}
	})
}

func TestNothingToDoCostsNothing(t *testing.T) {
	o := newQueue(4, 0, 100, 0)
	add(t, o, exchange, "a", "")
	o.release(o.next())
	if n := testing.AllocsPerRun(100, func() { o.next() }); n > 0 {
		t.Errorf("%v allocations for no batch", n)
	}
}

// However much is counted elsewhere, batches of several lanes have room at once.
func TestAccountLeavesRoom(t *testing.T) {
	const limit = 192 << 10
	o := newQueue(32<<10, 0, limit, 0)
	o.account(100 * limit)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, tag := range []string{"a", "b"} {
		if err := o.add(ctx, place{"", tag}.in(o), make([]byte, 32<<10), mark(1, "r")); err != nil {
			t.Errorf("no room for %s: %v", tag, err)
		}
	}
	o.account(-100 * limit)
}

// Who waits for room goes on when what took it has ended.
func TestAccountEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newQueue(8, 8, 80, 0)
		add(t, o, exchange, "01234567", "")
		o.account(10)
		for range 5 {
			add(t, o, exchange, "01234567", "")
		}
		added := make(chan error, 1)
		go func() { added <- o.add(t.Context(), exchange.in(o), []byte("01234567"), mark(1, "")) }()
		synctest.Wait()
		if len(added) > 0 {
			t.Fatal("there was room")
		}
		o.account(-10)
		synctest.Wait()
		if len(added) == 0 {
			t.Fatal("it still waits")
		}
	})
}
