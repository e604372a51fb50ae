package health

import "slices"

// Operation is a kind of request.
type Operation string

// The operations.
const (
	OpSubscriptions Operation = "subscriptions" // listing them
	OpStart         Operation = "start"         // starting one
	OpList          Operation = "list"          // listing content
	OpDownload      Operation = "download"      // of a blob
	OpToken         Operation = "token"         // a login
)

// Outcomes of a request besides HTTP statuses and Microsoft's AF codes.
const (
	OutcomeTimeout = "timeout" // no answer in time
	OutcomeDNS     = "dns"     // the name of the service is not known
	OutcomeTLS     = "tls"     // no secure connection, or to somebody else
	OutcomeNetwork = "network" // any other trouble on the way
	OutcomeOther   = "other"   // none of all these
)

// requests counts the requests of one operation by outcome. The outcomes are
// fixed, since a series can't be added later: those that say what to do, and
// classes for the rest.
type requests struct {
	operation Operation
	codes     []string
	counts    []Counter // in step with codes
}

var common = []string{"200", "400", "401", "403", "4xx", "5xx", OutcomeTimeout, OutcomeDNS, OutcomeTLS, OutcomeNetwork, OutcomeOther}

func newRequests() []requests {
	of := func(o Operation, more ...string) requests {
		codes := append(slices.Clone(common), more...)
		return requests{o, codes, make([]Counter, len(codes))}
	}
	return []requests{
		of(OpSubscriptions, "AF429"),
		of(OpStart, "AF429", "AF20024"),
		of(OpList, "AF429", "AF20022", "AF20023", "AF20055"),
		of(OpDownload, "AF429", "404", "AF20050", "AF20051"),
		of(OpToken),
	}
}

// Requested counts a request. The outcomes are from the most exact to the
// least, such as AF20022, 400, 4xx: the first that is counted by itself counts.
func (t *TenantMetrics) Requested(o Operation, outcomes ...string) {
	for i := range t.requests {
		r := &t.requests[i]
		if r.operation != o {
			continue
		}
		for _, code := range append(outcomes, OutcomeOther) {
			if n := slices.Index(r.codes, code); n >= 0 {
				r.counts[n].Add(1)
				return
			}
		}
	}
}
