package handover

import (
	"slices"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	var b backoff
	var got []time.Duration
	for range 8 {
		got = append(got, b.next()/time.Second)
	}
	if want := []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}; !slices.Equal(got, want) {
		t.Errorf("waits %d, want %d seconds", got, want)
	}
	b.reset()
	if w := b.next(); w != time.Second {
		t.Errorf("after a reset: %v", w)
	}
}
