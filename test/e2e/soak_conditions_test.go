package e2e

import (
	"slices"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// soakCondition lasts for a while.
type soakCondition struct {
	name  string
	long  bool // a minute
	begin func(*soak)
	end   func(*soak)
}

// soakNature are faults that blobs have by nature, for as long as a soak lasts: a
// blob has the same elements each time it is served. Faults that put elements
// into some of the answers would change blobs, which Microsoft's never do: where a
// download goes on after a kill is an index of elements.
var soakNature = []api.Fault{
	{Kind: api.Huge, Op: "audit", Match: "3$audit", At: 0.5, Size: 100 << 10},
	{Kind: api.SameID, Op: "audit", Match: "5$audit", At: 0.5},
	{Kind: api.SameID, Op: "audit", Match: "6$audit", At: 0.5, Text: "type"},
	{Kind: api.Insert, Op: "audit", Match: "17$audit", At: 0.5, Text: api.BadJSON},
	{Kind: api.Insert, Op: "audit", Match: "19$audit", At: 0.5, Text: api.Number},
}

// fullState is the condition in which what is delivered cannot be remembered.
const fullState = "full disk: state file"

// The conditions in which chunks stay with Fluent Bit.
const (
	deadOutput  = "dead output"
	refusing    = "output answers 503"
	fullStorage = "full disk: Fluent Bit's storage"
)

func holdsChunks(condition string) bool {
	return condition == deadOutput || condition == refusing || condition == fullStorage
}

// Somebody else's host, which has no address.
const elsewhere = "elsewhere.invalid"

// soakFaults are the conditions in which the service answers in a certain way.
//
// Not among them are AF20050, AF20051 and AF20052 for content that exists, and an
// administrator who disables a subscription: they say that content is lost, and the
// gaps that follow are true ones.
var soakFaults = map[string]api.Fault{
	"408":                        {Kind: "408"},
	"429":                        {Kind: "429", RetryAfter: 5},
	"500":                        {Kind: "500"},
	"503":                        {Kind: "503", Probability: 0.8},
	"504":                        {Kind: "504"},
	"503 after a year":           {Kind: "503", Header: map[string]string{"Retry-After": "31536000"}},
	"AF429":                      {Kind: api.Throttle, Probability: 0.7},
	"AF429 after a year":         {Kind: api.Throttle, Header: map[string]string{"Retry-After": "31536000"}},
	"AF50000":                    {Kind: api.Internal},
	"401":                        {Kind: api.Unauthorized},
	"refused (AF20055)":          {Kind: api.Refuse, Op: "content", Text: "AF20055", Probability: 0.5},
	"huge refusals":              {Kind: "500", Text: "no ", Size: 64 << 20},
	"reset":                      {Kind: api.Reset},
	"redirect":                   {Kind: api.Redirect, Text: elsewhere},
	"hang":                       {Kind: api.Hang},
	"bodies are reset":           {Kind: api.ResetBody, Op: "audit"},
	"bodies end early":           {Kind: api.Abort},
	"bodies are too short":       {Kind: api.Truncate},
	"bodies are cut":             {Kind: api.Cut},
	"gzip is cut":                {Kind: api.CutGzip},
	"bodies stall":               {Kind: api.Stall},
	"slow blobs":                 {Kind: api.Slow, Op: "audit", Delay: half},
	"blobs drip":                 {Kind: api.Drip, Op: "audit", Delay: half},
	"listings drip":              {Kind: api.Drip, Op: "content", Delay: half},
	"listings without end":       {Kind: api.Flood, Op: "content", Text: "[" + strings.Repeat(entry, 300), Size: 32 << 20},
	"listings of {}":             {Kind: api.Flood, Op: "content", Text: "[{},", Size: 8 << 20},
	"bad entries":                {Kind: api.Insert, Op: "content", Text: strings.Repeat("{},", 100) + "null"},
	"pages in a circle":          {Kind: api.Headers, Op: "content", Header: map[string]string{"NextPageUri": "self"}},
	"pages that are gone":        {Kind: api.Headers, Op: "content", Header: map[string]string{"NextPageUri": "unknown"}},
	"pages elsewhere":            {Kind: api.NextPageElsewhere, Op: "content", Text: elsewhere},
	"content elsewhere":          {Kind: api.ContentElsewhere, Op: "content", Text: elsewhere},
	"1970":                       {Kind: api.Headers, Header: map[string]string{"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}},
	"9999":                       {Kind: api.Headers, Header: map[string]string{"Date": "Fri, 31 Dec 9999 23:59:59 GMT"}},
	"clock 90 s ahead":           {Kind: api.Headers, Header: map[string]string{"Date": "90s"}},
	"clock 90 s behind":          {Kind: api.Headers, Header: map[string]string{"Date": "-90s"}},
	"clock 10 minutes ahead":     {Kind: api.Headers, Header: map[string]string{"Date": "10m"}},
	"clock 10 minutes behind":    {Kind: api.Headers, Header: map[string]string{"Date": "-10m"}},
	"clock 3 hours ahead":        {Kind: api.Headers, Header: map[string]string{"Date": "3h"}},
	"clock 3 hours behind":       {Kind: api.Headers, Header: map[string]string{"Date": "-3h"}},
	"clock a day ahead, once":    {Kind: api.Headers, Times: 1, Header: map[string]string{"Date": "24h"}},
	"clock a day behind, thrice": {Kind: api.Headers, Times: 3, Header: map[string]string{"Date": "-24h"}},
}

// soakOthers are the conditions that are not answers of the API.
var soakOthers = []soakCondition{
	{name: "no service", begin: func(k *soak) { k.service.Down() }, end: func(k *soak) {
		must(k.t, rig.Await("the service's port", patience, func() bool { return k.service.Up() == nil }))
	}},
	{name: "tokens revoked", begin: func(k *soak) { k.service.Login.RevokeAll() }, end: func(*soak) {}},
	{name: "wrong secret", begin: func(k *soak) {
		k.service.Login.SetSecret(rig.ClientID, "another")
		k.service.Login.RevokeAll()
	}, end: func(k *soak) { k.service.Login.SetSecret(rig.ClientID, rig.ClientSecret) }},
	{name: "auditing off", begin: func(k *soak) { k.service.SetAuditing(api.DefaultTenant, false) },
		end: func(k *soak) { k.service.SetAuditing(api.DefaultTenant, true) }},
	logins("login: 503", login.Failure{Status: 503}),
	logins("login: no answer", login.Failure{Drop: true}),
	logins("login: AADSTS90033", login.Failure{Code: 90033}),
	logins("login: redirect", login.Failure{Status: 307, Location: "https://" + elsewhere}),
	logins("login: huge", login.Failure{Size: 64 << 20}),
}

// logins is a condition in which the login service gives no tokens, and those
// that it has given are worth nothing.
func logins(name string, failure login.Failure) soakCondition {
	return soakCondition{name: name, begin: func(k *soak) {
		k.service.Login.FailNext(100000, failure)
		k.service.Login.RevokeAll()
	}, end: func(k *soak) { k.service.Login.FailNext(0, login.Failure{}) }}
}

// soakPlaces are the conditions of the destination and of disks, as far as the
// host and this machine have them.
func (k *soak) places() []soakCondition {
	var all []soakCondition
	if k.destination != nil {
		all = append(all,
			soakCondition{name: deadOutput, long: true, begin: func(k *soak) { k.destination.down() }, end: func(k *soak) { k.destination.up() }},
			soakCondition{name: refusing, long: true, begin: func(k *soak) { k.destination.refuse.Store(true) }, end: func(k *soak) { k.destination.refuse.Store(false) }})
	}
	if k.stateDisk != "" {
		all = append(all, soakCondition{name: fullState, long: true,
			begin: func(k *soak) { k.fill(k.stateDisk, false) }, end: func(k *soak) { k.unfill(k.stateDisk) }})
	}
	if k.storageDisk != "" {
		all = append(all, soakCondition{name: fullStorage, long: true,
			begin: func(k *soak) { k.fill(k.storageDisk, true) }, end: func(k *soak) { k.unfill(k.storageDisk) }})
	}
	return all
}

// conditions are all that can be in a soak here, in order of their names.
func (k *soak) conditions() []soakCondition {
	all := slices.Concat(soakOthers, k.places())
	for name, fault := range soakFaults {
		all = append(all, soakCondition{name: name, begin: func(k *soak) { k.setFaults(fault) }, end: func(k *soak) { k.setFaults() }})
	}
	slices.SortFunc(all, func(a, b soakCondition) int { return strings.Compare(a.name, b.name) })
	return all
}

// setFaults makes the service have faults besides those that there are always.
func (k *soak) setFaults(list ...api.Fault) {
	k.service.SetFaults(slices.Concat(soakNature, list, api.Flaky(0.03))...)
}
