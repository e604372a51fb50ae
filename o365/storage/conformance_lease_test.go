package storage

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func testLeases(t *testing.T, s subject) {
	store, other := s.open(t)
	lease := must(store.Lease(t.Context(), "tenant/a", minTerm))(t)
	_, err := other().Lease(t.Context(), "tenant/a", minTerm)
	wants(t, "a second holder", err, ErrLeased)
	must(other().Lease(t.Context(), "tenant/b", maxTerm))(t)
	must(other().Lease(t.Context(), "tenant", maxTerm))(t)
	wants(t, "renew", lease.Renew(t.Context()), nil)
	_, err = store.Lease(t.Context(), "tenant/a", minTerm)
	wants(t, "the same process again", err, ErrLeased)
	wants(t, "release", lease.Release(t.Context()), nil)
	next := must(other().Lease(t.Context(), "tenant/a", minTerm))(t)
	wants(t, "renew after the release", lease.Renew(t.Context()), ErrLeased)
	wants(t, "release again", lease.Release(t.Context()), nil)
	wants(t, "renew of the next", next.Renew(t.Context()), nil)
	if got := names(t, store, "", ""); len(got) != 0 {
		t.Errorf("leases are listed: %q", got)
	}
	// A lease keeps nobody from the object of its name.
	wants(t, "commit", create(t, store, "tenant/a", nil, nil), nil)
	wants(t, "delete", store.Delete(t.Context(), "tenant/a"), nil)
	for _, term := range []time.Duration{0, minTerm - 1, maxTerm + 1, -1} {
		var explained *Error
		if _, err := store.Lease(t.Context(), "c", term); !errors.As(err, &explained) {
			t.Errorf("a lease of %v: %v", term, err)
		}
	}
}

func testLeaseEnds(t *testing.T, s subject) {
	store, _ := s.open(t)
	lease := must(store.Lease(t.Context(), "a", minTerm))(t)
	s.expire(t, store, "a", minTerm)
	// Nobody has taken it.
	wants(t, "renew", lease.Renew(t.Context()), nil)
	_, err := store.Lease(t.Context(), "a", minTerm)
	wants(t, "a second holder", err, ErrLeased)
}

func testLeaseLost(t *testing.T, s subject) {
	store, other := s.open(t)
	lease := must(store.Lease(t.Context(), "a", minTerm))(t)
	s.expire(t, store, "a", minTerm)
	next := must(other().Lease(t.Context(), "a", minTerm))(t)
	wants(t, "renew of what is lost", lease.Renew(t.Context()), ErrLeased)
	wants(t, "release of what is lost", lease.Release(t.Context()), nil)
	wants(t, "renew of the next", next.Renew(t.Context()), nil)
	_, err := store.Lease(t.Context(), "a", minTerm)
	wants(t, "a third holder", err, ErrLeased)
}

func testOneHolder(t *testing.T, s subject) {
	_, other := s.open(t)
	for range 3 {
		var group sync.WaitGroup
		var holders atomic.Int32
		var held atomic.Value
		for range 5 {
			group.Go(func() {
				lease, err := other().Lease(t.Context(), "a", minTerm)
				if err == nil {
					holders.Add(1)
					held.Store(&lease)
				} else if !errors.Is(err, ErrLeased) {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if holders.Load() != 1 {
			t.Fatalf("%d holders", holders.Load())
		}
		wants(t, "release", (*held.Load().(*Lease)).Release(t.Context()), nil)
	}
}
