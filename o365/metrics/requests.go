package metrics

import (
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// requestCounters count the requests of a tenant by operation and outcome.
type requestCounters []operationCounters

var requestLabels = []string{"operation", "code"}

// operationCounters count the requests of one operation by outcome.
type operationCounters struct {
	operation source.Op
	codes     []string
	counts    []Counter // in step with codes
}

// newRequestCounters fixes the outcomes that are counted, since no series can be
// added later: for each operation those that decide what to do, and classes for
// the rest. They are few, since Fluent Bit copies every series every second: which
// trouble keeps all requests from the service is distinguished for OpList alone,
// since the plugin lists all the time.
func newRequestCounters() requestCounters {
	of := func(o source.Op, more ...string) operationCounters {
		codes := append([]string{"200", "4xx", "5xx", source.OutcomeNetwork, source.OutcomeOther}, more...)
		return operationCounters{o, codes, make([]Counter, len(codes))}
	}
	return requestCounters{
		of(source.OpSubscriptions, "401", "403", "AF429"),
		of(source.OpStart, "400", "AF20024", "AF429"),
		of(source.OpList, "400", "401", "403", "AF20022", "AF20023", "AF20055", "AF429", source.OutcomeTimeout, source.OutcomeDNS, source.OutcomeTLS),
		of(source.OpDownload, "403", "404", "AF20050", "AF20051", "AF429", source.OutcomeTimeout),
		of(source.OpToken, "400", "401", source.OutcomeTimeout, source.OutcomeDNS, source.OutcomeTLS),
	}
}

// Requested counts a request. The outcomes are from the most specific to the least,
// as [source.Outcomes] returns them (AF20022, 400, 4xx): the first one that has a
// counter is counted, else [source.OutcomeOther]. An unknown operation is ignored.
func (t *Tenant) Requested(o source.Op, outcomes ...string) {
	for i := range t.Requests {
		r := &t.Requests[i]
		if r.operation != o {
			continue
		}
		for _, code := range append(outcomes, source.OutcomeOther) {
			if n := slices.Index(r.codes, code); n >= 0 {
				r.counts[n].Add(1)
				return
			}
		}
	}
}

func (r requestCounters) each(f func(operation, code string, c *Counter)) {
	for i := range r {
		for n, code := range r[i].codes {
			f(string(r[i].operation), code, &r[i].counts[n])
		}
	}
}
