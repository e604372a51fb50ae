package record

import (
	"io"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 5, time.UTC)

func TestTime(t *testing.T) {
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, c := range []struct {
		created string
		want    time.Time // zero: the clock's
	}{
		{`"2024-05-06T07:08:09"`, at},
		{`"2024-05-06T07:08:09Z"`, at},
		{`"2024-05-06 07:08:09"`, at},
		{`"2024-05-06 07:08:09Z"`, at},
		{`"2024-05-06T07:08:09.0000000Z"`, at},
		{`"2024-05-06T07:08:09.5"`, at.Add(500 * time.Millisecond)},
		{`"2024-05-06T07:08:09.1234567"`, at.Add(123456700)},
		{`"2024-05-06T07:08:09.123456789Z"`, at.Add(123456789)},
		{`"2024-05-06T09:08:09+02:00"`, at},
		{`"2024-05-05T23:08:09.25-08:00"`, at.Add(250 * time.Millisecond)},
		{`"1970-01-01T00:00:00"`, time.Unix(0, 0).UTC()},
		{`"2106-02-07T06:28:13"`, time.Unix(0xfffffffd, 0).UTC()},
		{`"2106-02-07T06:28:14"`, time.Time{}},
		{`"2106-02-07T06:28:15"`, time.Time{}},
		{`"2106-02-07T06:28:16"`, time.Time{}},
		{`"1969-12-31T23:59:59"`, time.Time{}},
		{`"0001-01-01T00:00:00"`, time.Time{}},
		{`"9999-12-31T23:59:59.9999999"`, time.Time{}},
		{`"2024-05-06"`, time.Time{}},
		{`"2024-13-06T07:08:09"`, time.Time{}},
		{`"2024-05-06T07:08"`, time.Time{}},
		{`"9/30/2024 6:16:41 AM"`, time.Time{}},
		{`"2024-05-06T07:08:09 (some time in the month of May)"`, time.Time{}},
		{`""`, time.Time{}},
		{`null`, time.Time{}},
		{`1714979289`, time.Time{}},
		{`["2024-05-06T07:08:09"]`, time.Time{}},
		{`{"2024-05-06T07:08:09":1}`, time.Time{}},
		{`null,"CreationTime":"2024-05-06T07:08:09"`, time.Time{}},
		{`"2024-05-06T07:08:09","CreationTime":"2025-05-06T07:08:09"`, at},
	} {
		body := `[{"x":{"CreationTime":"2011-01-01T00:00:00"},"CreationTime":` + c.created + `}]`
		missing := c.want.IsZero()
		if missing {
			c.want = noon
		}
		events, records, _, err := decodeAll(strings.NewReader(body), Options{Now: func() time.Time { return noon.Local() }})
		if err != io.EOF || len(events) != 1 {
			t.Errorf("%s: %d events, %v", c.created, len(events), err)
			continue
		}
		if got := events[0].time; got != c.want || records[0].Time != c.want || records[0].TimeMissing != missing {
			t.Errorf("%s is %v (its Record has %v, missing %t), want %v", c.created, got, records[0].Time, records[0].TimeMissing, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	for _, c := range []struct{ now, want int64 }{
		{-5, 0}, {5, 5}, {0xfffffffd, 0xfffffffd}, {0xfffffffe, 0xfffffffd}, {1 << 40, 0xfffffffd},
	} {
		_, records, _, _ := decodeAll(strings.NewReader(`[{}]`), Options{Now: func() time.Time { return time.Unix(c.now, 0) }})
		if got := records[0].Time.Unix(); got != c.want {
			t.Errorf("at %d the time is %d, want %d", c.now, got, c.want)
		}
	}
	before := time.Now()
	_, records, _, _ := decodeAll(strings.NewReader(`[{}]`), Options{})
	if got := records[0].Time; got.Before(before) || got.After(time.Now()) {
		t.Errorf("without a clock the time is %v", got)
	}
}
