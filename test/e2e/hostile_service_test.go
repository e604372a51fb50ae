package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// mostMemory is what the whole host may take, whatever a service does.
const mostMemory = 128 << 20

// neighbour is a tenant whose service behaves.
const neighbour = "99999999-2222-4333-8444-555555555555"

// hostility is what a service does to one content type of one tenant, unless it
// does it to all.
type hostility struct {
	name    string
	atStart bool                            // from the beginning on
	begin   func(s *rig.Service, to string) // to is somebody else's server
	want    string                          // pattern of a line
	alone   bool                            // other content types of the tenant are not touched
	all     bool                            // the other tenant is touched as well
	options options
	probed  bool // the service asked to wait, and is asked again every minute
	daily   bool // not with O365_E2E=full only
}

func faults(list ...api.Fault) func(*rig.Service, string) {
	return func(s *rig.Service, _ string) {
		for i := range list {
			list[i].Tenant, list[i].Type = api.DefaultTenant, api.Exchange
			if list[i].Op == "list" {
				list[i].Type = ""
			}
		}
		s.SetFaults(list...)
	}
}

func dates(value string) func(*rig.Service, string) {
	return faults(api.Fault{Kind: api.Headers, Op: "content", Header: map[string]string{"Date": value}})
}

// The sizes are twice what a process may take.
var (
	half  = api.Duration{Duration: 500 * time.Millisecond}
	entry = `{"contentId":"none","contentUri":"https://127.0.0.1/none","contentCreated":"2026-11-28T10:00:00Z"},`
)

var hostilities = []hostility{
	{name: "login redirects", daily: true, all: true, begin: func(s *rig.Service, to string) {
		s.Login.FailNext(100000, login.Failure{Status: 307, Location: to + "/token"})
		s.Login.RevokeAll()
	}, want: "the login service answers with a redirect, which gets no credential"},
	{name: "token endpoint elsewhere", all: true, atStart: true, begin: func(s *rig.Service, to string) {
		s.Login.NameTokenEndpoint(to + "/token")
	}, want: "the login service names an address elsewhere, which gets no credential"},
	{name: "huge tokens", all: true, begin: func(s *rig.Service, _ string) {
		s.Login.FailNext(100000, login.Failure{Size: 256 << 20})
		s.Login.RevokeAll()
	}, want: "the answer is too large"},
	{name: "API redirects", alone: true, begin: func(s *rig.Service, to string) {
		faults(api.Fault{Kind: "307", Header: map[string]string{"Location": to}})(s, to)
	}, want: "HTTP 307"},
	{name: "1970 once", alone: true, begin: func(s *rig.Service, to string) {
		faults(api.Fault{Kind: api.Headers, Op: "content", Times: 1, Header: map[string]string{"Date": "Thu, 01 Jan 1970 00:00:00 GMT"}})(s, to)
	}, want: "an answer of the service has an impossible date"},
	{name: "1970", daily: true, alone: true, begin: dates("Thu, 01 Jan 1970 00:00:00 GMT"), want: "impossible date"},
	{name: "9999", alone: true, begin: dates("Fri, 31 Dec 9999 23:59:59 GMT"), want: "impossible date"},
	{name: "9 days ago", alone: true, begin: dates("-216h"), want: "clock|date"},
	{name: "in 2 days", alone: true, begin: dates("48h"), want: "clock|date"},
	{name: "Retry-After of a year", probed: true, begin: faults(api.Fault{Kind: api.Throttle, Header: map[string]string{"Retry-After": "31536000"}}),
		want: "Microsoft asks to wait longer than is sensible"},
	{name: "503 with Retry-After of a year", alone: true, begin: faults(api.Fault{Kind: "503", Header: map[string]string{"Retry-After": "31536000"}}), want: "a web page answers in place of the service"},
	{name: "huge refusals", daily: true, alone: true, begin: faults(api.Fault{Kind: "500", Text: "no ", Size: 256 << 20}), want: "requests fail"},
	{name: "listing of {}", alone: true, begin: faults(api.Fault{Kind: api.Flood, Op: "content", Text: "[{},", Size: 64 << 20}), want: "entries can't be used|can't be reached"},
	{name: "listing without end", alone: true, begin: faults(api.Fault{Kind: api.Flood, Op: "content", Text: "[" + strings.Repeat(entry, 300), Size: 256 << 20}), want: "Audit.Exchange"},
	{name: "bad entries", daily: true, alone: true, begin: faults(api.Fault{Kind: api.Insert, Op: "content", Text: strings.Repeat("{},", 100) + "null"}), want: "some entries of the service's listings can't be used"},
	{name: "pages in a circle", daily: true, alone: true, begin: faults(api.Fault{Kind: api.Headers, Op: "content", Header: map[string]string{"NextPageUri": "self"}}), want: "Audit.Exchange.*(circle|can't be reached|comes back)"},
	{name: "pages that are gone", alone: true, begin: faults(api.Fault{Kind: api.Headers, Op: "content", Header: map[string]string{"NextPageUri": "unknown"}}), want: "Audit.Exchange.*AF20031"},
	{name: "blobs drip", daily: true, alone: true, begin: faults(api.Fault{Kind: api.Drip, Op: "audit", Delay: half}), want: "some content can't be downloaded"},
	{name: "listing drips", alone: true, begin: faults(api.Fault{Kind: api.Drip, Op: "content", Delay: half}), want: "Audit.Exchange"},
	{name: "subscriptions drip", alone: true, atStart: true, begin: faults(api.Fault{Kind: api.Drip, Op: "list", Delay: half}), want: "the list of subscriptions can't be read"},
	{name: "blobs without end", alone: true, begin: faults(api.Fault{Kind: api.Flood, Op: "audit", Text: "[1,1,1,1,1,1,1,1,", Size: 256 << 20}), want: "some content can't be downloaded"},
	{name: "elements that are no records", daily: true, alone: true, begin: faults(api.Fault{Kind: api.Insert, Op: "audit", Text: strings.Repeat("1,", 1<<20) + "1"}),
		want: "1048577 of its elements are no usable records"},
	{name: "large records", daily: true, alone: true, begin: huge(15 << 20), want: "records are larger than record_max"},
	{name: "large records, all of them", alone: true, begin: huge(7 << 20), options: options{"record_max": "8M"}},
	{name: "records just small enough", alone: true, begin: huge(4<<20 - 200)},
}

func huge(size int64) func(*rig.Service, string) {
	return func(s *rig.Service, to string) {
		faults(api.Fault{Kind: api.Huge, Op: "audit", Times: 8, Size: size})(s, to)
		s.Produce(api.DefaultTenant, api.Exchange, 8, 2)
	}
}

// TestHostile lets a service do its worst to one content type of one tenant. No
// secret gets to anybody else, memory stays bounded, the others go on, a line reports
// what happens, and when the service is right again so is everything.
func TestHostile(t *testing.T) {
	t.Parallel()
	for _, test := range hostilities {
		t.Run(test.name, func(t *testing.T) {
			if !test.daily && !full {
				t.Skip("runs with O365_E2E=full")
			}
			t.Parallel()
			inEachAtOnce(t, test.run)
		})
	}
}

func (x hostility) run(t *testing.T, p program) {
	var abroad atomic.Int64 // bytes of requests that somebody else got
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		abroad.Add(1 + n)
	}))
	defer elsewhere.Close()
	s := newService(t, api.Options{Seed: 40, Tenants: []string{api.DefaultTenant, neighbour}, Types: []string{api.Exchange, api.SharePoint},
		Subscribed: []string{api.Exchange, api.SharePoint}, Blobs: 3, Records: 10})
	pipe := newPipeline(t, p, s)
	pipe.set("content_types", api.Exchange+","+api.SharePoint)
	pipe.set("request_timeout", "5s")
	for key, value := range x.options {
		pipe.set(key, value)
	}
	pipe.inputs = append(pipe.inputs, pipe.inputs[0].With(options{"alias": "neighbour", "tenant_id": neighbour, "db": pipe.inputs[0]["db"] + ".neighbour"}))
	dummy := filepath.Join(pipe.dir, "dummy")
	if p.FluentBit {
		pipe.beside = rig.Config{
			Inputs:  []options{{"name": "dummy", "tag": "dummy"}},
			Outputs: []options{{"name": "file", "match": "dummy", "path": pipe.dir, "file": "dummy"}},
		}
	}
	if x.atStart {
		x.begin(s, elsewhere.URL)
	}
	process := pipe.start()
	if !x.atStart {
		pipe.complete()
		x.begin(s, elsewhere.URL)
	}
	produced := map[string]int{}
	for range 4 {
		for _, tenant := range []string{api.DefaultTenant, neighbour} {
			for _, typ := range []string{api.Exchange, api.SharePoint} {
				s.Produce(tenant, typ, 1, 5)
				produced[tenant+typ] += 5
			}
		}
		time.Sleep(5 * time.Second)
	}
	// What is touched and what is not: all but the last polls' must be there.
	others := []string{neighbour + api.Exchange, neighbour + api.SharePoint}
	if x.alone {
		others = append(others, api.DefaultTenant+api.SharePoint)
	}
	if !x.all {
		for _, other := range others {
			least := 30 + produced[other]
			watch := rig.StartStopwatch()
			if err := pipe.awaits(fmt.Sprintf("%d records of %s", least, other), func() bool { return pipe.stored(other) >= least }); err != nil {
				t.Errorf("%v, %d came; %s", err, pipe.stored(other), process.LogTail())
			}
			if watch.Free() > 15*time.Second {
				t.Errorf("%s: the last came %v late, a poll is 10 s", other, watch.Elapsed())
			}
		}
	}
	want := regexp.MustCompile(x.want)
	if err := pipe.awaits("a line like "+x.want, func() bool { return want.MatchString(process.Log()) }); err != nil {
		t.Errorf("%v; %s", err, process.LogTail())
	}
	peak := known(t, process.PeakRSS)
	lines := complaint.FindAllString(process.Log(), -1)
	s.SetFaults()
	s.Login.FailNext(0, login.Failure{})
	s.Login.NameTokenEndpoint("")
	right := rig.StartStopwatch()
	pipe.complete()
	recovered := right.Elapsed()
	t.Logf("%d MB at most, %d lines above info, recovered after %.1f s", peak>>20, len(lines), recovered.Seconds())
	for _, line := range lines[:min(len(lines), 4)] {
		t.Logf("%.300s", line)
	}
	if peak > mostMemory {
		t.Errorf("%d MB of memory", peak>>20)
	}
	if len(lines) > 12 {
		t.Errorf("%d lines", len(lines))
	}
	soon := 45 * time.Second // polls are 10 s
	if x.probed {
		soon += time.Minute
	}
	if right.Free() > soon {
		t.Errorf("recovered after %v", recovered)
	}
	if n := abroad.Load(); n > 0 {
		t.Errorf("somebody else got %d bytes", n)
	}
	if text := process.Log(); strings.Contains(text, rig.ClientSecret) {
		t.Error("the secret is in the log")
	}
	if p.FluentBit {
		ticks := func() int {
			text, _ := os.ReadFile(dummy)
			return bytes.Count(text, []byte("\n"))
		}
		if err := rig.Await("15 records of the input beside it", patience, func() bool { return ticks() >= 15 }, ticks); err != nil {
			t.Error(err)
		}
	}
	pipe.finish(0)
}

// stored is how many records of a tenant and content type are there.
func (p *pipeline) stored(of string) (n int) {
	p.t.Helper()
	tenant, typ := of[:36], of[36:]
	workloads := map[string][]string{api.Exchange: {`"Workload":"Exchange"`}, api.SharePoint: {`"Workload":"SharePoint"`, `"Workload":"OneDrive"`}}[typ]
	paths, err := filepath.Glob(filepath.Join(p.sink.dir, "*"))
	if err != nil {
		p.t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			p.t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			if !bytes.Contains(line, []byte(tenant)) {
				continue
			}
			for _, workload := range workloads {
				if bytes.Contains(line, []byte(workload)) {
					n++
					break
				}
			}
		}
	}
	return n
}
