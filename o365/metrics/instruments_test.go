package metrics

import (
	"reflect"
	"testing"
	"testing/synctest"
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

// Each count is the difference, or the sum, of that count alone.
func TestEachCount(t *testing.T) {
	var one, two, sum, difference Counts
	for i := range reflect.TypeFor[Counts]().NumField() {
		field := func(c *Counts) reflect.Value { return reflect.ValueOf(c).Elem().Field(i) }
		n := int64(1) << i
		field(&one).SetInt(n)
		field(&two).SetInt(3 * n)
		field(&sum).SetInt(4 * n)
		field(&difference).SetInt(2 * n)
	}
	if got := one.Plus(two); got != sum {
		t.Errorf("the sum is %+v, want %+v", got, sum)
	}
	if got := two.Minus(one); got != difference {
		t.Errorf("the difference is %+v, want %+v", got, difference)
	}
}

// Each counter of a stream is the count of its name.
func TestCountsAreOfTheirCounters(t *testing.T) {
	for i := range reflect.TypeFor[Counts]().NumField() {
		name := reflect.TypeFor[Counts]().Field(i).Name
		counter := map[string]string{"Blobs": "Delivered"}[name]
		if counter == "" {
			counter = name
		}
		_, _, stream := newStream()
		reflect.ValueOf(stream).Elem().FieldByName(counter).Addr().Interface().(*Counter).Add(7)
		var want Counts
		reflect.ValueOf(&want).Elem().Field(i).SetInt(7)
		if got := stream.Counts(); got != want {
			t.Errorf("%s: %+v", counter, got)
		}
	}
}

func TestSum(t *testing.T) {
	set := New([]string{"a", "b"}, []string{"X", "Y"})
	for i, s := range set.Streams() {
		s.Retries.Add(1 << i)
	}
	if n := set.Sum(func(s *Stream) *Counter { return &s.Retries }); n != 15 {
		t.Errorf("the sum is %d, want 15", n)
	}
}

// The earliest time is that of the clock that is behind, which may be this machine's.
func TestEarliestNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct{ a, b, want time.Duration }{
			{0, 0, 0},
			{time.Hour, time.Minute, 0},
			{time.Hour, -time.Minute, -time.Minute},
			{-time.Hour, -time.Minute, -time.Hour},
		} {
			set, now := New([]string{"a", "b"}, nil), time.Now()
			for name, ahead := range map[string]time.Duration{"a": tt.a, "b": tt.b} {
				if ahead != 0 {
					set.Tenant(name).Clock.Set(Moment{Local: now.Add(-time.Second), Service: now.Add(ahead - time.Second)})
				}
			}
			if got := set.EarliestNow().Sub(now); got != tt.want {
				t.Errorf("with clocks ahead by %v and %v it is %v, want %v", tt.a, tt.b, got, tt.want)
			}
		}
	})
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
