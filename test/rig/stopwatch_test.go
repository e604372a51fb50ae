package rig

import (
	"testing"
	"time"
)

func TestStopwatch(t *testing.T) {
	w := StartStopwatch()
	time.Sleep(50 * time.Millisecond)
	if w.Elapsed() < 50*time.Millisecond || w.Free() > w.Elapsed() {
		t.Errorf("%v, of which %v free", w.Elapsed(), w.Free())
	}
	if w.known = false; w.Free() != 0 {
		t.Error("free time is known where it is not")
	}
}
