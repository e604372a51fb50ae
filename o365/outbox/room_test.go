package outbox

import (
	"bytes"
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// The limit is one on memory: of all buffers there are, and of the copies that
// the host has of what is in flight.
func TestLimitCountsRoom(t *testing.T) {
	const batch, limit = 1 << 10, 32 << 10
	names := []Lane{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}}
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		o := New[int](batch, limit, 0)
		var out []*Batch[int]
		full, cancel := context.WithCancel(t.Context())
		cancel() // nothing waits
		for range 5000 {
			switch rnd.IntN(4) {
			case 0, 1:
				_ = o.Add(full, names[rnd.IntN(1+rnd.IntN(len(names)))], make([]byte, 1+rnd.IntN(batch)), 1, 0)
			case 2:
				if b := o.Next(); b != nil {
					out = append(out, b)
				}
			case 3:
				for _, b := range out {
					if rnd.IntN(8) == 0 {
						o.Return(b)
					} else {
						o.Confirm(b)
					}
				}
				out = nil
			}
			memory, copies := 0, 0
			for _, l := range o.lanes {
				for _, b := range l.waiting {
					memory += cap(b.Events)
				}
				if l.inFlight != nil {
					memory += cap(l.inFlight.Events)
					copies += len(l.inFlight.Events)
				}
			}
			for _, buf := range o.spare {
				memory += cap(buf)
			}
			if memory != o.Bytes() {
				t.Fatalf("seed %d: %d bytes of memory, %d are counted", seed, memory, o.Bytes())
			}
			if memory+copies > limit {
				t.Fatalf("seed %d: %d bytes, and %d of the host's", seed, memory, copies)
			}
		}
	}
}

// A lane that fills takes no new memory for its next batch, and an empty
// outbox keeps none.
func TestBuffersAreUsedAgain(t *testing.T) {
	const batch = 64 << 10
	o := New[int](batch, 1<<20, 0)
	events := bytes.Repeat([]byte{'e'}, batch/4)
	push := func() {
		for range 4 {
			if err := o.Add(t.Context(), exchange, events, 1, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range 3 {
		push()
	}
	perBatch := testing.AllocsPerRun(100, func() {
		b := o.Next()
		o.Confirm(b)
		push()
	})
	before := o.Bytes()
	o.Confirm(o.Next())
	push()
	if o.Bytes() != before {
		t.Errorf("%d bytes are held, %d before", o.Bytes(), before)
	}
	if perBatch > 6 { // the batch, its receipts, the channel
		t.Errorf("%v allocations for a batch", perBatch)
	}
	for b := o.Next(); b != nil; b = o.Next() {
		o.Confirm(b)
	}
	if o.Bytes() != 0 {
		t.Errorf("an empty outbox holds %d bytes", o.Bytes())
	}
}

// So does one whose only batch is in flight: while others wait, there are
// buffers to spare.
func TestEmptyLaneTakesSpareBuffer(t *testing.T) {
	const batch = 64 << 10
	o := New[int](batch, 1<<20, 0)
	for range 3 {
		o.Push(sharepoint, make([]byte, batch), 1, 0)
	}
	o.Confirm(o.Next())
	before := o.Bytes()
	o.Push(exchange, make([]byte, 100), 1, 0)
	if o.Bytes() != before {
		t.Errorf("%d bytes are held, %d before", o.Bytes(), before)
	}
}

// Many quiet lanes do not take the room of a batch each.
func TestQuietLanesAreSmall(t *testing.T) {
	o := New[int](1<<20, 32<<20, 0)
	for i := range 250 {
		o.Push(Lane{Name: string(rune('a' + i))}, make([]byte, 1000), 1, 0)
	}
	if o.Bytes() > 300<<10 {
		t.Errorf("%d bytes are held for 250 events of 1000", o.Bytes())
	}
}

func TestReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := New[string](4, 100, 0)
		reserve := func(n, least int) func() {
			release, err := o.Reserve(t.Context(), n, least)
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
		for range 8 { // 100, without 25 and without 8 for copies of a batch
			add(t, o, exchange, "01234567", "")
		}
		gaveUp, cancel := context.WithCancel(t.Context())
		cancel()
		if o.Add(gaveUp, exchange, []byte("01234567"), 1, "") == nil {
			t.Error("more was added than is left beside what is reserved")
		}
		if _, err := o.Reserve(gaveUp, 1, 1); err == nil {
			t.Error("reserved beyond a quarter of the limit")
		}
	})
}

func TestNothingToDoCostsNothing(t *testing.T) {
	o := New[string](4, 100, 0)
	add(t, o, exchange, "a", "")
	o.Confirm(o.Next())
	if n := testing.AllocsPerRun(100, func() { o.Next() }); n > 0 {
		t.Errorf("%v allocations for no batch", n)
	}
}

// However much is counted elsewhere, batches of several lanes have room at once.
func TestAccountLeavesRoom(t *testing.T) {
	const limit = 192 << 10
	o := New[string](32<<10, limit, 0)
	o.Account(100 * limit)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, tag := range []string{"a", "b"} {
		if err := o.Add(ctx, Lane{Tag: tag}, make([]byte, 32<<10), 1, "r"); err != nil {
			t.Errorf("no room for %s: %v", tag, err)
		}
	}
	o.Account(-100 * limit)
}
