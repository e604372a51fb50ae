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
// classes for the rest. They are few, since Fluent Bit copies every series every
// second: what keeps all requests from the service is told apart for List alone,
// of which there are always some.
type requests struct {
	operation Operation
	codes     []string
	counts    []Counter // in step with codes
}

func newRequests() []requests {
	of := func(o Operation, more ...string) requests {
		codes := append([]string{"200", "4xx", "5xx", OutcomeNetwork, OutcomeOther}, more...)
		return requests{o, codes, make([]Counter, len(codes))}
	}
	return []requests{
		of(OpSubscriptions, "401", "403", "AF429"),
		of(OpStart, "400", "AF20024", "AF429"),
		of(OpList, "400", "401", "403", "AF20022", "AF20023", "AF20055", "AF429", OutcomeTimeout, OutcomeDNS, OutcomeTLS),
		of(OpDownload, "403", "404", "AF20050", "AF20051", "AF429", OutcomeTimeout),
		of(OpToken, "400", "401", OutcomeTimeout, OutcomeDNS, OutcomeTLS),
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
