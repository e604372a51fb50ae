package ledger

import (
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
