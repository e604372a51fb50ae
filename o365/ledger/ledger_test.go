package ledger

import (
	"path/filepath"
	"testing"
	"time"
)

func TestClaimConfirmRelease(t *testing.T) {
	l, err := tryOpen("", Options{DedupMax: 100, DedupWindow: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	a, b := Key{1}, Key{2}
	for _, step := range []struct {
		what string
		got  bool
		want bool
	}{
		{"a is new", claim(l, a), true},
		{"a is claimed", claim(l, a), false},
		{"b is new", claim(l, b), true},
		{"a confirmed", l.Confirm([]Delivery{{Stream: exchange, Blob: "x", Created: time.Now(), Keys: []Key{a}, Through: 1}}) == nil, true},
		{"a is known", claim(l, a), false},
		{"b is claimed", claim(l, b), false},
	} {
		if step.got != step.want {
			t.Errorf("%s: %v", step.what, step.got)
		}
	}
	l.Release([]Key{a, b})
	if claim(l, a) || !claim(l, b) {
		t.Error("Release must forget claimed keys and no others")
	}
	if p := l.Progress(exchange, "x"); p != (Progress{Records: 1}) {
		t.Error(p)
	}
}

// Deliveries of one blob add up, in whatever order one transaction has them.
func TestBlobSeveralTimesInATransaction(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	part := func(through int, done bool) Delivery {
		return Delivery{Stream: exchange, Blob: "x", Created: start, Through: through, Done: done}
	}
	l := open(t, path, Options{})
	for _, tt := range []struct {
		deliveries []Delivery
		want       Progress
	}{
		{[]Delivery{part(5, false), part(3, false)}, Progress{Records: 5}},
		{[]Delivery{part(2, false), part(7, false), part(6, false)}, Progress{Records: 7}},
		{[]Delivery{part(9, true), part(8, false)}, Progress{Records: 9, Done: true}},
		{[]Delivery{part(4, false)}, Progress{Records: 9, Done: true}},
	} {
		if err := l.Confirm(tt.deliveries); err != nil {
			t.Fatal(err)
		}
		if got := l.Progress(exchange, "x"); got != tt.want {
			t.Errorf("%v: %+v, want %+v", tt.deliveries, got, tt.want)
		}
		l.Close()
		l = open(t, path, Options{})
		if got := l.Progress(exchange, "x"); got != tt.want {
			t.Errorf("%v, opened again: %+v, want %+v", tt.deliveries, got, tt.want)
		}
	}
}
