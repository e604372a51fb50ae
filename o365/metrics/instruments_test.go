package metrics

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	for _, seconds := range []int64{-5, 0, 300, 301, 3600, 8 * 24 * 3600} {
		h.Observe(seconds)
	}
	b, sum := h.Read()
	want := Buckets{3, 4, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6}
	if b != want || sum != 300+301+3600+8*24*3600 || b.Count() != 6 || h.Count() != 6 {
		t.Errorf("%v, sum %v", b, sum)
	}
}

func TestTimeAdvances(t *testing.T) {
	var at Time
	if !at.Load().IsZero() {
		t.Error("there is a time before one was set")
	}
	late := time.Unix(2000, 0)
	at.Advance(late)
	at.Advance(time.Unix(1000, 0))
	at.Advance(time.Time{})
	if !at.Load().Equal(late) {
		t.Errorf("%v", at.Load())
	}
	at.Set(time.Time{})
	if at.value() != 0 {
		t.Errorf("the zero time is %v", at.value())
	}
}

func TestServiceClockSkew(t *testing.T) {
	for ahead, want := range map[time.Duration]float64{
		-time.Hour: -3600, -time.Second: 0, time.Second: 0, 10*time.Second + 500*time.Millisecond: 10,
	} {
		var c ServiceClock
		now := time.Now()
		c.Set(Moment{now, now.Add(ahead)})
		if got := c.value(); got != want {
			t.Errorf("%v ahead the skew is %v, want %v", ahead, got, want)
		}
	}
	if skew := new(ServiceClock).value(); skew != 0 {
		t.Errorf("the skew of a clock that was never set is %v", skew)
	}
}

func TestCountsDifference(t *testing.T) {
	_, _, stream := newStream()
	stream.Records.Add(7)
	before := stream.Counts()
	stream.Records.Add(5)
	stream.Delivered.Add(2)
	got := stream.Counts().Minus(before)
	if want := (Counts{Records: 5, Blobs: 2}); got != want || before.Plus(got) != stream.Counts() {
		t.Errorf("%+v, want %+v", got, want)
	}
}
