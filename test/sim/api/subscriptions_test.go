package api

import (
	"strings"
	"testing"
	"time"
)

func TestLifeOfASubscription(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 1, Now: at.now, Blobs: 5, Records: 3, FirstContent: time.Hour})
	p := newProbe(t, sim)
	step := func(what, method, path string, status int, code string) {
		t.Helper()
		if r := p.do(method, path); r.status != status || r.code() != code {
			t.Fatalf("%s: %d %s, want %d %s", what, r.status, r.body, status, code)
		}
	}
	listed := func() int {
		t.Helper()
		n := 0
		for from := at.now().Add(-7 * day); from.Before(at.now()); from = from.Add(day) {
			entries, _ := p.list(Exchange, from, from.Add(day))
			n += len(entries)
		}
		return n
	}
	status := func(want string) {
		t.Helper()
		if r := p.do("GET", "subscriptions/list"); r.body != want {
			t.Fatalf("list: %s, want %s", r.body, want)
		}
	}
	const start, stop = "subscriptions/start?contentType=Audit.Exchange", "subscriptions/stop?contentType=Audit.Exchange"
	enabled := `[{"contentType":"Audit.Exchange","status":"enabled","webhook":null}]`
	disabled := strings.Replace(enabled, "enabled", "disabled", 1)

	status(`[]`)
	step("start", "POST", start, 200, "")
	status(enabled)
	if n := listed(); n != 0 {
		t.Errorf("%d blobs before the first content", n)
	}
	at.move(time.Hour)
	if n := listed(); n != 5 {
		t.Errorf("%d blobs, want 5", n)
	}
	step("start again", "POST", start, 400, "AF20024")
	if n := sim.Account().EarlyStarts; n != 0 {
		t.Errorf("%d early starts after an hour", n)
	}

	step("stop", "POST", stop, 200, "")
	status(disabled)
	step("list while stopped", "GET", contentPath(Exchange, at.now().Add(-day), at.now()), 400, "AF20022")
	sim.Produce("", Exchange, 2, 3)
	at.move(time.Minute)
	step("start after the stop", "POST", start, 200, "")
	if n := sim.Account().EarlyStarts; n != 1 {
		t.Errorf("%d early starts after a minute", n)
	}
	sim.Produce("", Exchange, 1, 3)
	at.move(time.Second)
	if n := listed(); n != 6 {
		t.Errorf("%d blobs, want 6: what was made between stop and start is gone", n)
	}
	if e := sim.Expect(); e.Blobs != 6 {
		t.Errorf("%d blobs expected, want 6", e.Blobs)
	}

	sim.Disable(DefaultTenant, Exchange)
	status(disabled)
	step("list while disabled", "GET", contentPath(Exchange, at.now().Add(-day), at.now()), 400, "AF20023")
	step("start after disabling", "POST", start, 200, "")
	status(enabled)
}

func TestStartsTooSoonCanBeRefused(t *testing.T) {
	at := newClock()
	sim := New(Options{Now: at.now, StartWait: 15 * time.Minute})
	p := newProbe(t, sim)
	for i, want := range []struct {
		wait   time.Duration
		status int
	}{{0, 200}, {14 * time.Minute, 403}, {time.Minute, 400}} {
		at.move(want.wait)
		if r := p.do("POST", "subscriptions/start?contentType=DLP.All"); r.status != want.status {
			t.Errorf("start %d: %d %s, want %d", i, r.status, r.body, want.status)
		}
	}
}

func TestAuditingOff(t *testing.T) {
	sim := New(Options{AuditingOff: true})
	p := newProbe(t, sim)
	r := p.do("POST", "subscriptions/start?contentType=Audit.General")
	if r.status != 400 || !strings.Contains(r.body, "Tenant "+DefaultTenant+" does not exist.") || !strings.Contains(r.code(), "[TenantId="+DefaultTenant+",ContentType=Audit.General,") {
		t.Errorf("%d %s", r.status, r.body)
	}
	sim.SetAuditing(DefaultTenant, true)
	p.start(General)
}
