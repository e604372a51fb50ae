package api

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// tokens for the tests: what each is good for.
func verify(bearer string) (string, []string, error) {
	switch bearer {
	case "all":
		return DefaultTenant, []string{RoleRead, RoleReadDLP}, nil
	case "read":
		return DefaultTenant, []string{RoleRead}, nil
	case "dlp":
		return DefaultTenant, []string{RoleReadDLP}, nil
	case "nothing":
		return DefaultTenant, nil, nil
	case "other":
		return "99999999-2222-4333-8444-555555555555", []string{RoleRead}, nil
	}
	return "", nil, errors.New("unknown token")
}

func TestRules(t *testing.T) {
	at := newClock()
	sim := New(Options{Seed: 1, Now: at.now, Blobs: 3, Records: 2, Verify: verify, Subscribed: []string{Exchange, DLP}})
	from := func(back, length time.Duration) string {
		return contentPath(Exchange, t0.Add(-back), t0.Add(-back+length))
	}
	exchange := sim.tenants[DefaultTenant].series[Exchange].blobs[0].id

	for _, test := range []struct {
		name   string
		token  string // default "all"
		method string // default GET
		path   string
		status int
		code   string // AF code, or a part of the body
	}{
		{name: "no token", token: "-", path: "subscriptions/list", status: 401, code: "Authorization has been denied"},
		{name: "bad token", token: "bad", path: "subscriptions/list", status: 401, code: "Authorization has been denied"},
		{name: "token of another tenant", token: "other", path: "subscriptions/list", status: 400, code: "AF20010"},
		{name: "tenant is no GUID", path: "https://x/api/v1.0/contoso.com/activity/feed/subscriptions/list", status: 400, code: "AF20013"},
		{name: "unknown tenant", token: "other", path: "https://x/api/v1.0/99999999-2222-4333-8444-555555555555/activity/feed/subscriptions/list", status: 400, code: "AF20011"},
		{name: "no permission", token: "nothing", path: "subscriptions/list", status: 401, code: "AF10001"},
		{name: "no permission for DLP", token: "read", path: contentPath(DLP, t0.Add(-time.Hour), t0), status: 401, code: "AF10001"},
		{name: "permission for DLP", token: "dlp", path: contentPath(DLP, t0.Add(-time.Hour), t0), status: 200},
		{name: "permission for DLP alone", token: "dlp", path: from(time.Hour, time.Hour), status: 401, code: "AF10001"},
		{name: "permission for the others", token: "read", path: from(time.Hour, time.Hour), status: 200},
		{name: "blob without permission", token: "dlp", path: "audit/" + exchange, status: 401, code: "AF10001"},

		{name: "list", path: "subscriptions/list", status: 200},
		{name: "notifications", path: "subscriptions/notifications?contentType=Audit.Exchange", status: 200},
		{name: "wrong method", method: "GET", path: "subscriptions/start?contentType=Audit.Exchange", status: 405},
		{name: "start without a type", method: "POST", path: "subscriptions/start", status: 400, code: "AF20001"},
		{name: "start of a wrong type", method: "POST", path: "subscriptions/start?contentType=Audit.Yammer", status: 400, code: "AF20020"},
		{name: "start of an enabled type", method: "POST", path: "subscriptions/start?contentType=Audit.Exchange", status: 400, code: "AF20024"},
		{name: "stop without subscription", method: "POST", path: "subscriptions/stop?contentType=Audit.General", status: 400, code: "AF20022"},

		{name: "content without subscription", path: contentPath(SharePoint, t0.Add(-time.Hour), t0), status: 400, code: "AF20022"},
		{name: "content of a wrong type", path: contentPath("Audit.Yammer", t0.Add(-time.Hour), t0), status: 400, code: "AF20020"},
		{name: "neither time", path: "subscriptions/content?contentType=Audit.Exchange", status: 200},
		{name: "one time", path: "subscriptions/content?contentType=Audit.Exchange&startTime=2026-03-14", status: 400, code: "AF20030"},
		{name: "not a time", path: "subscriptions/content?contentType=Audit.Exchange&startTime=now&endTime=then", status: 400, code: "AF20002"},
		{name: "reversed", path: from(time.Hour, -time.Second), status: 400, code: "AF20030"},
		{name: "24 hours", path: from(day, day), status: 200},
		{name: "more than 24 hours", path: from(day, day+time.Second), status: 400, code: "AF20055"},
		{name: "7 days and the grace", path: from(7*day+time.Hour, time.Hour), status: 200},
		{name: "more than 7 days", path: from(7*day+time.Hour+time.Second, time.Hour), status: 400, code: "AF20055"},
		{name: "into the future", path: from(-48*time.Hour, time.Hour), status: 200},
		{name: "bad page", path: from(day, day) + "&nextPage=2015101900R022885001761", status: 400, code: "AF20031"},
		{name: "forged page", path: from(day, day) + "&nextPage=1$1$1$R000000000000000", status: 400, code: "AF20031"},

		{name: "date only", path: "subscriptions/content?contentType=Audit.Exchange&startTime=2026-03-13&endTime=2026-03-14", status: 200},
		{name: "minutes", path: "subscriptions/content?contentType=Audit.Exchange&startTime=2026-03-13T10:00&endTime=2026-03-13T11:00", status: 200},
		{name: "minutes and Z", path: "subscriptions/content?contentType=Audit.Exchange&startTime=2026-03-13T10:00Z&endTime=2026-03-13T11:00Z", status: 200},
		{name: "fractions and Z", path: "subscriptions/content?contentType=Audit.Exchange&startTime=2026-03-13T10:00:00.123Z&endTime=2026-03-13T11:00:00.5Z", status: 200},
		{name: "lower-case names", path: "subscriptions/content?contenttype=audit.exchange&starttime=2026-03-13&endtime=2026-03-14", status: 200},

		{name: "blob", path: "audit/" + exchange, status: 200},
		{name: "unknown blob", path: "audit/" + strings.Replace(exchange, "2026", "2025", 1), status: 404, code: "AF20050"},
		{name: "no blob id", path: "audit/xyz", status: 400, code: "AF20052"},

		{name: "names of sensitive types", path: "resources/dlpSensitiveTypes", status: 200, code: "Credit Card Number"},
		{name: "unknown operation", path: "subscriptions/pause", status: 404},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProbe(t, sim)
			switch test.token {
			case "-":
				p.header.Del("Authorization")
			case "":
				p.header.Set("Authorization", "Bearer all")
			default:
				p.header.Set("Authorization", "Bearer "+test.token)
			}
			method := test.method
			if method == "" {
				method = "GET"
			}
			r := p.do(method, test.path)
			if r.status != test.status || !strings.Contains(r.body, test.code) {
				t.Errorf("%d %s, want %d %s", r.status, r.body, test.status, test.code)
			}
		})
	}
}

func TestRulesThatCanBeSwitched(t *testing.T) {
	window := func(length time.Duration) string { return contentPath(Exchange, t0.Add(-length), t0) }
	for _, test := range []struct {
		name   string
		opt    Options
		path   string
		status int
		code   string
	}{
		{"24 hours are too long", Options{ShortDay: true}, window(day), 400, "AF20055"},
		{"less than 24 hours are not", Options{ShortDay: true}, window(day - time.Second), 200, ""},
		{"longer windows", Options{LongWindow: true}, window(3 * day), 200, ""},
		{"no grace", Options{Grace: -1}, contentPath(Exchange, t0.Add(-7*day-time.Second), t0.Add(-7*day)), 400, "AF20055"},
		{"exactly 7 days without grace", Options{Grace: -1}, contentPath(Exchange, t0.Add(-7*day), t0.Add(-7*day)), 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.opt.Now, test.opt.Subscribed = newClock().now, []string{Exchange}
			if r := newProbe(t, New(test.opt)).do("GET", test.path); r.status != test.status || r.code() != test.code {
				t.Errorf("%d %s, want %d %s", r.status, r.body, test.status, test.code)
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	sim := New(Options{})
	for language, want := range map[string]string{
		"":            "Credit Card Number",
		"de-CH":       "Kreditkartennummer",
		"de-CH,en-US": "AF20053",
	} {
		p := newProbe(t, sim)
		p.header.Set("Accept-Language", language)
		if r := p.do("GET", "resources/dlpSensitiveTypes"); !strings.Contains(r.body, want) {
			t.Errorf("%q: %s", language, r.body)
		}
	}
}

func TestClockAndPublisher(t *testing.T) {
	at := newClock()
	sim := New(Options{Now: at.now, Skew: -20 * time.Minute})
	p := newProbe(t, sim)
	if got := p.do("GET", "subscriptions/list").header.Get("Date"); got != t0.Add(-20*time.Minute).Format(http.TimeFormat) {
		t.Errorf("Date: %s", got)
	}
	p.do("GET", "subscriptions/list?PublisherIdentifier="+DefaultTenant)
	p.do("GET", "audit/xyz")
	a := sim.Account()
	if a.NoPublisher["list"] != 1 || a.NoPublisher["audit"] != 1 || a.Requests["list"]["200"] != 2 || a.Requests["audit"]["400 AF20052"] != 1 {
		t.Errorf("%+v", a)
	}
}
