package health

import (
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// requests counts the requests of one operation by outcome. The outcomes are
// fixed, since a series can't be added later: those that say what to do, and
// classes for the rest. They are few, since Fluent Bit copies every series every
// second: what keeps all requests from the service is told apart for List alone,
// of which there are always some.
type requests struct {
	op     source.Op
	codes  []string
	counts []Counter // in step with codes
}

func newRequests() []requests {
	of := func(o source.Op, more ...string) requests {
		codes := append([]string{"200", "4xx", "5xx", source.OutcomeNetwork, source.OutcomeOther}, more...)
		return requests{o, codes, make([]Counter, len(codes))}
	}
	return []requests{
		of(source.OpSubscriptions, "401", "403", "AF429"),
		of(source.OpStart, "400", "AF20024", "AF429"),
		of(source.OpList, "400", "401", "403", "AF20022", "AF20023", "AF20055", "AF429", source.OutcomeTimeout, source.OutcomeDNS, source.OutcomeTLS),
		of(source.OpDownload, "403", "404", "AF20050", "AF20051", "AF429", source.OutcomeTimeout),
		of(source.OpToken, "400", "401", source.OutcomeTimeout, source.OutcomeDNS, source.OutcomeTLS),
	}
}

// Requested counts a request. The outcomes are from the most exact to the
// least, such as AF20022, 400, 4xx: the first that is counted by itself counts.
func (t *TenantMetrics) Requested(o source.Op, outcomes ...string) {
	for i := range t.requests {
		r := &t.requests[i]
		if r.op != o {
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
