package api

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// TestLiveProduction follows a live service for half an hour, with a client that
// lists the newest three minutes every minute and everything at the end.
func TestLiveProduction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim := New(Options{Seed: 3, Blobs: 5, Records: 4, Live: 10 * time.Second, LiveBlobs: 2, SameTime: 2, Late: 30, LateBy: 25 * time.Second})
		p := newProbe(t, sim)
		p.start(Exchange)
		k := sim.Checker(check.Options{})
		seen := map[string]bool{}
		poll := func(back time.Duration) {
			end := sim.Now().Add(time.Second)
			for from := end.Add(-back); from.Before(end); from = from.Add(day) {
				entries, _ := p.list(Exchange, from, from.Add(day))
				for _, e := range entries {
					if !seen[e.ContentID] {
						seen[e.ContentID] = true
						for _, r := range p.records(e.ContentURI) {
							k.Add(r)
						}
					}
				}
			}
		}
		poll(7 * day)
		for range 30 {
			time.Sleep(time.Minute)
			poll(3 * time.Minute)
		}
		sim.StopLive()
		if r := k.Report(); r.Lost != 0 || r.Delivered < 1200 {
			t.Errorf("%v", r)
		}
		time.Sleep(time.Minute)
		poll(10 * time.Minute)
		if r := k.Report(); !r.OK() || r.Expected != (5+2*180)*4 {
			t.Errorf("%v", r)
		}
	})
}

func TestLiveContentIsTheSameHoweverOneLooks(t *testing.T) {
	at := newClock()
	opt := Options{Seed: 3, Now: at.now, Records: 3, Live: time.Minute, LiveBlobs: 2}
	often, once := New(opt), New(opt)
	for range 60 {
		at.move(time.Minute)
		often.Expect()
	}
	once.Expect()
	for i, s := range often.series {
		for j, b := range s.blobs {
			if o := once.series[i].blobs[j]; o.id != b.id || !o.created.Equal(b.created) {
				t.Fatalf("%s blob %d: %s and %s", s.typ, j, b.id, o.id)
			}
		}
		if len(s.blobs) != 120 || len(once.series[i].blobs) != 120 {
			t.Errorf("%d and %d blobs", len(s.blobs), len(once.series[i].blobs))
		}
	}
}
