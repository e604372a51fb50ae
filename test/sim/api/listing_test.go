package api

import (
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

func TestPages(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 3, Now: at.now, Back: 20 * time.Hour, Blobs: 25, Records: 1, SameTime: 4, PageSize: 4, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	entries, pages := p.list(Exchange, t0.Add(-day), t0)
	seen := map[string]bool{}
	for _, e := range entries {
		seen[e.ContentID] = true
	}
	if len(entries) != 25 || len(seen) != 25 || pages != 7 {
		t.Errorf("%d entries, %d different, on %d pages", len(entries), len(seen), pages)
	}

	first := p.do("GET", contentPath(Exchange, t0.Add(-day), t0)+"&PublisherIdentifier=x")
	next := first.header.Get("NextPageUri")
	for _, part := range []string{"https://manage.office.com/api/v1.0/", "?contenttype=Audit.Exchange&starttime=2026-03-13T15:09:26&endtime=2026-03-14T15:09:26&nextpage=", "$"} {
		if !strings.Contains(next, part) {
			t.Errorf("NextPageUri %s lacks %s", next, part)
		}
	}
	if strings.Contains(strings.ToLower(next), "publisher") {
		t.Errorf("NextPageUri %s names the publisher", next)
	}
	if r := p.do("GET", strings.Replace(next, "-13T15:", "-13T16:", 1)); r.code() != "AF20031" {
		t.Errorf("page of another window: %d %s", r.status, r.body)
	}
}

func TestPagesStandStillWhileContentAppears(t *testing.T) {
	at := newClock()
	sim := New(Options{Now: at.now, Back: 20 * time.Hour, Blobs: 4, PageSize: 2, PageLife: time.Minute, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	uri := contentPath(Exchange, t0.Add(-20*time.Hour), t0.Add(4*time.Hour))
	next := p.do("GET", uri).header.Get("NextPageUri")
	at.move(time.Minute)
	sim.Produce("", Exchange, 3, 1)
	last := p.do("GET", next)
	if n := strings.Count(last.body, "contentId"); n != 2 || last.header.Get("NextPageUri") != "" {
		t.Errorf("last page has %d entries and next %q", n, last.header.Get("NextPageUri"))
	}
	at.move(time.Second)
	if r := p.do("GET", next); r.code() != "AF20031" {
		t.Errorf("page after its life: %d %s", r.status, r.body)
	}
	if all, _ := p.list(Exchange, t0.Add(-20*time.Hour), t0.Add(4*time.Hour)); len(all) != 7 {
		t.Errorf("%d entries, want 7", len(all))
	}
}

func TestStartIsInclusiveEndExclusive(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 2, Now: at.now, Blobs: 30, SameTime: 3, WholeTimes: true, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	created := sim.series[1].blobs[15].created
	if !created.Equal(created.Truncate(time.Second)) || !created.Equal(sim.series[1].blobs[17].created) || sim.series[1].typ != Exchange {
		t.Fatalf("three blobs at one whole second expected, got %v", created)
	}
	for _, test := range []struct {
		from, to time.Time
		want     int
	}{
		{created, created.Add(time.Second), 3},
		{created.Add(-time.Second), created, 0},
		{created.Add(time.Second), created.Add(2 * time.Second), 0},
		{created, created, 0},
	} {
		if got, _ := p.list(Exchange, test.from, test.to); len(got) != test.want {
			t.Errorf("[%v, %v): %d blobs, want %d", test.from, test.to, len(got), test.want)
		}
	}
}

func TestLateBlobs(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 5, Now: at.now, Back: 20 * time.Hour, Blobs: 200, Records: 1, Late: 30, LateBy: 25 * time.Second, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	early, _ := p.list(Exchange, t0.Add(-day), t0)
	if n := len(early); n < 120 || n > 160 {
		t.Fatalf("%d of 200 blobs listed at once, want about 140", n)
	}
	if e := sim.Expect(); e.Blobs != len(early) {
		t.Errorf("%d blobs expected before the late ones come", e.Blobs)
	}
	last := sim.series[1].listed[199]
	if r := p.do("GET", "audit/"+last.id); r.code() != "AF20050" {
		t.Errorf("a blob before it is listed: %d %s", r.status, r.body)
	}
	at.move(25*time.Second - time.Millisecond)
	if again, _ := p.list(Exchange, t0.Add(-day), t0); len(again) != len(early) {
		t.Errorf("%d blobs too soon", len(again)-len(early))
	}
	at.move(time.Millisecond)
	all, _ := p.list(Exchange, t0.Add(-day), t0)
	if len(all) != 200 || sim.Expect().Blobs != 200 {
		t.Errorf("%d blobs in the end, %d expected", len(all), sim.Expect().Blobs)
	}
	if e := all[199]; e.ContentID != last.id || !e.ContentExpiration.Equal(t0.Add(25*time.Second+7*day)) {
		t.Errorf("a late blob expires at %v", e.ContentExpiration)
	}
	if r := p.do("GET", all[199].ContentURI); r.status != 200 {
		t.Errorf("a late blob: %d %s", r.status, r.body)
	}
}

func TestTooLongWindowsGiveHalf(t *testing.T) {
	sim := New(Options{Now: newClock().now, Back: 60 * time.Hour, Blobs: 20, LongWindow: true, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	if all, _ := p.list(Exchange, t0.Add(-60*time.Hour), t0); len(all) != 10 {
		t.Errorf("%d of 20 blobs", len(all))
	}
}

func TestPartOfABlob(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 5, Now: at.now, Blobs: 3, Records: 11, WholeTimes: true, PartStart: true, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	created := sim.series[1].blobs[1].created
	exact, _ := p.list(Exchange, created, created.Add(time.Minute))
	before, _ := p.list(Exchange, created.Add(-time.Second), created.Add(time.Minute))
	if len(exact) != 1 || len(before) != 1 || exact[0].ContentID != before[0].ContentID {
		t.Fatalf("%v and %v", exact, before)
	}
	part, whole := p.records(exact[0].ContentURI), p.records(before[0].ContentURI)
	if len(part) != 6 || len(whole) != 11 || string(part[0]) != string(whole[5]) {
		t.Errorf("%d of %d records", len(part), len(whole))
	}
	if a := sim.Account(); a.BlobsInPart != 1 || a.Blobs != 1 {
		t.Errorf("%d in part, %d whole", a.BlobsInPart, a.Blobs)
	}
}

func TestExpiry(t *testing.T) {
	at := newClock()
	sim := New(Options{Now: at.now, Blobs: 2, Back: 12 * time.Hour, Records: 4, Subscribed: []string{Exchange}})
	p := newProbe(t, sim)
	entries, _ := p.list(Exchange, t0.Add(-day), t0)
	at.move(entries[0].ContentExpiration.Sub(t0))
	if r := p.do("GET", entries[0].ContentURI); r.code() != "AF20051" || r.status != 400 {
		t.Errorf("expired blob: %d %s", r.status, r.body)
	}
	if left, _ := p.list(Exchange, at.now().Add(-7*day), at.now().Add(-6*day)); len(left) != 1 || left[0].ContentID != entries[1].ContentID {
		t.Errorf("listed after expiry: %v", left)
	}
	if r := sim.Checker(check.Options{}).Report(); r.Lost != 8 || r.Expired != 4 {
		t.Errorf("%v", r)
	}
}

func TestTenantsAreSeparate(t *testing.T) {
	other := "AAAAAAAA-2222-4333-8444-555555555555"
	sim := New(Options{Now: newClock().now, Blobs: 20, Records: 2, Tenants: []string{DefaultTenant, other}})
	p := newProbe(t, sim)
	p.start(Exchange)
	mine, _ := p.list(Exchange, t0.Add(-7*day), t0.Add(-6*day))
	base := "https://manage.office.com/api/v1.0/" + other + "/activity/feed/"
	if r := p.do("GET", base+"audit/"+mine[0].ContentID); r.code() != "AF20050" {
		t.Errorf("one tenant's blob is the other's too: %d %s", r.status, r.body)
	}
	if r := p.do("GET", base+contentPath(Exchange, t0.Add(-day), t0)); r.code() != "AF20022" {
		t.Errorf("one tenant's subscription is the other's too: %d %s", r.status, r.body)
	}
}
