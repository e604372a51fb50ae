package main

import (
	"context"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// phase is what happens from a share of the time on.
type phase struct {
	at     float64
	what   string
	faults []api.Fault
	down   bool // the destination answers 503
}

// phases follow one another; each ends what the one before did.
var phases = []phase{
	{at: 0, what: "all is well but for a blob that has expired and some elements that are no records", faults: []api.Fault{
		{Kind: api.Refuse, Text: "AF20051", Op: "audit", Type: api.SharePoint, Skip: 20, Times: 1},
		{Kind: api.Insert, Text: api.Number, Op: "audit", Type: api.General, Skip: 10, Times: 3},
	}},
	{at: 0.2, what: "the service throttles", faults: []api.Fault{{Kind: api.Throttle, Probability: 0.4}}},
	{at: 0.32, what: "all is well"},
	{at: 0.4, what: "the permission for DLP.All is gone", faults: []api.Fault{
		{Kind: api.Refuse, Text: "AF10001", Type: api.DLP},
	}},
	{at: 0.54, what: "all is well"},
	{at: 0.66, what: "the destination takes nothing", down: true},
	{at: 0.8, what: "the service fails now and then", faults: []api.Fault{{Kind: "503", Probability: 0.3}}},
	{at: 0.92, what: "all is well"},
}

// play goes through the phases, and returns at the end of the span.
func (s *setup) play(ctx context.Context, span time.Duration) error {
	begin := time.Now()
	for _, a := range append(phases, phase{at: 1, what: "the picture"}) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(begin.Add(time.Duration(a.at * float64(span))))):
		}
		note("%s", a.what)
		s.service.SetFaults(a.faults...)
		s.destination.down.Store(a.down)
	}
	return nil
}
