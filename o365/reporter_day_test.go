package o365

import (
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// The bubble begins at midnight, 2000-01-01.
func TestDailyCompleteness(t *testing.T) {
	watched(t, func(in *Input, book *ledger.Ledger, _ *lines) {
		day := time.Now().UTC()
		numbers := in.metrics.Stream(mail.Tenant, mail.ContentType)
		at := func(d time.Duration) time.Time { return day.Add(d) }
		span := func(from, to time.Duration) source.Span { return source.Span{From: at(from), To: at(to)} }

		time.Sleep(23*time.Hour + 50*time.Minute)
		numbers.Records.Add(40)
		numbers.Delivered.Add(2)
		numbers.Duplicates.Add(1)
		numbers.Newest.Advance(at(23 * time.Hour))
		if err := book.Complete(mail, span(-3*time.Hour, 23*time.Hour), span(23*time.Hour, 23*time.Hour+50*time.Minute)); err != nil {
			t.Fatal(err)
		}
		if err := book.Complete(sharepoint, span(2*time.Hour, 30*time.Hour)); err != nil {
			t.Fatal(err)
		}
		if err := book.AddGap(ledger.Gap{Stream: sharepoint, Span: span(-time.Hour, 2*time.Hour), Reason: "off", Found: at(0)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Minute)
		numbers.Records.Add(1000) // of the next day
		if b := in.Next(); b != nil {
			t.Fatalf("the day is told of at its end: %v", b)
		}
		numbers.Complete.Set(at(24*time.Hour + 5*time.Minute))
		time.Sleep(10 * time.Minute)
		got := taken(t, in)
		head := `{"CreationTime":"2000-01-02T00:10:00","Operation":"completeness","Workload":"fluent-bit-o365","OrganizationId":"contoso",`
		want := []string{
			head + `"ContentType":"Audit.Exchange","Span":{"From":"2000-01-01T00:00:00","To":"2000-01-02T00:00:00"},"State":"ok",` +
				`"Complete":true,"Listed":[{"From":"2000-01-01T00:00:00","To":"2000-01-01T23:50:00"}],"Lost":[],"LostSeconds":0,` +
				`"CountedSince":"2000-01-01T00:00:00","Blobs":2,"Records":40,"Duplicates":1,"LagSeconds":300,"Newest":"2000-01-01T23:00:00"}`,
			head + `"ContentType":"Audit.SharePoint","Span":{"From":"2000-01-01T00:00:00","To":"2000-01-02T00:00:00"},"State":"ok",` +
				`"Complete":false,"Listed":[{"From":"2000-01-01T02:00:00","To":"2000-01-02T00:00:00"}],"Lost":[{"From":"2000-01-01T00:00:00","To":"2000-01-01T02:00:00"}],"LostSeconds":7200,` +
				`"CountedSince":"2000-01-01T00:00:00","Blobs":0,"Records":0,"Duplicates":0,"LagSeconds":0}`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		time.Sleep(24 * time.Hour)
		if got = taken(t, in); len(got) != 2 || !strings.Contains(got[0], `"CountedSince":"2000-01-02T00:00:00","Blobs":0,"Records":1000`) {
			t.Errorf("the next day: %q", got)
		}
	})
}

// The day is that of the service, whose clock is known a minute after the start, goes
// back where it was wrong, and leaps ahead when this machine has slept.
func TestDayIsByTheServicesClock(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name         string
		skew, sleeps time.Duration
		want         []string // beginnings of the days that are reported within 23 hours and 30 minutes
	}{
		{"right", 0, 0, nil},
		{"15 minutes ahead", 15 * time.Minute, 0, nil},
		{"an hour ahead", time.Hour, 0, []string{"2000-01-01"}},
		{"an hour behind", -time.Hour, 0, []string{"1999-12-31"}},
		{"26 hours behind", -26 * time.Hour, 0, []string{"1999-12-30"}},
		{"26 hours ahead", 26 * time.Hour, 0, []string{"2000-01-02"}},
		{"8 days ahead", 8 * day, 0, nil},
		{"8 days behind", -8 * day, 0, nil},
		{"3 days ahead, until that proves wrong", 3*day + time.Hour, -3 * day, []string{"2000-01-01"}},
		{"sleeps 3 days", 0, 3 * day, []string{"2000-01-01", "2000-01-02", "2000-01-03"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			watched(t, func(in *Input, _ *ledger.Ledger, _ *lines) {
				clock := &in.metrics.Tenant("contoso").Clock
				set := func(skew time.Duration) {
					clock.Set(metrics.Moment{Local: time.Now(), Service: time.Now().Add(skew).UTC()})
				}
				time.Sleep(time.Minute)
				set(tt.skew)
				time.Sleep(12 * time.Hour)
				set(tt.skew + tt.sleeps)
				time.Sleep(5 * time.Minute)
				records := taken(t, in)
				if tt.sleeps > 0 && len(records) > 0 {
					t.Errorf("before anything can be collected: %q", records)
				}
				time.Sleep(11*time.Hour + 24*time.Minute)
				var got []string
				for _, text := range append(records, taken(t, in)...) {
					if _, begin, ok := strings.Cut(text, `"Span":{"From":"`); ok && strings.Contains(text, "Exchange") {
						got = append(got, begin[:len("2000-01-01")])
					}
				}
				if strings.Join(got, " ") != strings.Join(tt.want, " ") {
					t.Errorf("reported are the days %q, want %q", got, tt.want)
				}
			})
		})
	}
}

// The counts of the first day begin with the start, by the service's clock.
func TestFirstDayIsCountedFromTheStart(t *testing.T) {
	watched(t, func(in *Input, _ *ledger.Ledger, _ *lines) {
		in.metrics.Tenant("contoso").Clock.Set(metrics.Moment{Local: time.Now(), Service: time.Now().Add(5 * time.Hour).UTC()})
		for _, since := range []string{"2000-01-01T05:00:00", "2000-01-02T00:00:00"} {
			time.Sleep(24 * time.Hour)
			records := taken(t, in)
			if len(records) != 2 {
				t.Errorf("%d records of a day: %q", len(records), records)
			}
			for _, text := range records {
				if !strings.Contains(text, `"CountedSince":"`+since+`"`) {
					t.Errorf("not counted since %s: %s", since, text)
				}
			}
		}
	})
}

// What the reporter makes of the service's clock at a check.
func TestFollowingTheClock(t *testing.T) {
	now := time.Date(2026, 3, 1, 23, 0, 0, 0, time.UTC)
	next := midnightAfter(now)
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		seen, known bool
		before      time.Time // the clock at the last check
		clock       time.Time
		day         time.Time
		closed      bool          // the day stays closed
		moved       time.Duration // the beginning of the counts
		waits       time.Duration // before days are reported
	}{
		"unknown":                  {false, false, now, now, next, true, 0, 0},
		"first known":              {false, true, now, now, next, false, 0, 0},
		"first known, behind":      {false, true, now, now.Add(-2 * day), next.Add(-2 * day), false, -2 * day, 0},
		"first known, ahead":       {false, true, now, now.Add(2 * time.Hour), next.Add(day), false, 2 * time.Hour, 0},
		"it goes on":               {true, true, now.Add(-time.Minute), now, next, true, 0, 0},
		"not known for a while":    {true, false, now.Add(-time.Minute), now, next, true, 0, 0},
		"it goes back a bit":       {true, true, now.Add(time.Minute), now, next, true, 0, 0},
		"it goes back by days":     {true, true, now, now.Add(-2 * day), next.Add(-2 * day), false, 0, 0},
		"it leaps less than slept": {true, true, now, now.Add(completenessDelay), next, true, 0, 0},
		"it leaps":                 {true, true, now, now.Add(completenessDelay + 1), next, true, 0, completenessDelay},
	} {
		r := reporter{day: next, closed: true, clock: tt.before, clockSeen: tt.seen, since: now}
		r.follow(tt.clock, tt.known, now)
		waits := time.Duration(0)
		if !r.daysFrom.IsZero() {
			waits = r.daysFrom.Sub(now)
		}
		if !r.day.Equal(tt.day) || r.closed != tt.closed || r.since.Sub(now) != tt.moved || waits != tt.waits || !r.clock.Equal(tt.clock) || r.clockSeen != (tt.seen || tt.known) {
			t.Errorf("%s: day %v, closed %t, since %v, waits %v, seen %t", name, r.day, r.closed, r.since, waits, r.clockSeen)
		}
	}
}
