package e2e

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// mishap is something that goes wrong, and how it is reported.
type mishap struct {
	name    string
	service func(*api.Options)
	atStart func(*rig.Service, *pipeline)
	later   func(*rig.Service, *pipeline) // when everything has been delivered
	want    []string                      // patterns of all lines above info, in their order
	silence time.Duration                 // before the first line; zero: patience
	state   string                        // of the content types that it is about
	what    string                        // as health records and mail have it
	types   []string                      // that it is about; nil: all
	fix     func(*rig.Service, *pipeline) // nil: nothing can be done while Fluent Bit runs

	lasts     time.Duration // nothing more is reported meanwhile
	passes    bool          // by itself: there is no mail
	forgotten bool          // that a mail was sent, since Fluent Bit was started again
}

var mishaps = []mishap{
	{
		name:    "wrong secret",
		atStart: func(s *rig.Service, _ *pipeline) { s.Login.SetSecret(rig.ClientID, "another") },
		want:    []string{`error.*nothing is collected: the client secret is wrong: client_secret wants the secret's Value, not its Secret ID.*AADSTS7000215`},
		state:   "failing", what: "the client secret is wrong",
		fix: func(s *rig.Service, _ *pipeline) { s.Login.SetSecret(rig.ClientID, rig.ClientSecret) },
	},
	{
		name: "expired secret",
		atStart: func(s *rig.Service, _ *pipeline) {
			s.Login.ChangeApp(rig.ClientID, func(a *login.App) { a.SecretExpires = time.Now().Add(-time.Hour) })
		},
		want:  []string{`error.*nothing is collected: the client secret has expired: make a new client secret.*AADSTS7000222`},
		state: "failing", what: "the client secret has expired",
		fix: func(s *rig.Service, _ *pipeline) { s.Login.SetSecret(rig.ClientID, rig.ClientSecret) },
	},
	{
		name:    "unknown tenant",
		atStart: func(_ *rig.Service, p *pipeline) { p.set("tenant_id", "99999999-9999-4999-8999-999999999999") },
		want:    []string{`error.*nothing is collected: there is no such tenant in this cloud: check tenant_id and cloud.*AADSTS90002`},
		state:   "failing", what: "there is no such tenant in this cloud",
	},
	{
		name: "no admin consent",
		atStart: func(s *rig.Service, _ *pipeline) {
			s.Login.ChangeApp(rig.ClientID, func(a *login.App) { a.Roles = []string{} })
		},
		want:  []string{`error.*nothing is collected; Audit\..*: the app may not read the audit log \(ActivityFeed\.Read is missing\): run "az ad app permission add --id 22222222-.*admin-consent`},
		state: "failing", what: "the app may not read",
		fix: func(s *rig.Service, _ *pipeline) {
			s.Login.ChangeApp(rig.ClientID, func(a *login.App) { a.Roles = nil })
			s.Login.RevokeAll()
		},
	},
	{
		name: "only ReadDlp missing",
		atStart: func(s *rig.Service, _ *pipeline) {
			s.Login.ChangeApp(rig.ClientID, func(a *login.App) { a.Roles = []string{api.RoleRead} })
		},
		want:  []string{`error.*collecting Audit\..*; not DLP\.All: the app may not read DLP events .*az ad app permission admin-consent --id `},
		state: "failing", what: "the app may not read DLP events", types: []string{api.DLP},
		fix: func(s *rig.Service, _ *pipeline) {
			s.Login.ChangeApp(rig.ClientID, func(a *login.App) { a.Roles = nil })
			s.Login.RevokeAll()
		},
	},
	{
		name:    "auditing off",
		atStart: func(s *rig.Service, _ *pipeline) { s.SetAuditing(api.DefaultTenant, false) },
		want:    []string{`error.*nothing is collected: auditing is off in this tenant: run "Set-AdminAuditLogConfig`},
		state:   "failing", what: "auditing is off in this tenant",
		fix: func(s *rig.Service, _ *pipeline) { s.SetAuditing(api.DefaultTenant, true) },
	},
	{
		name:    "throttled",
		later:   func(s *rig.Service, _ *pipeline) { s.SetFaults(api.Fault{Kind: api.Throttle}) },
		want:    []string{`warn.*Microsoft refuses most requests: nothing need be done unless it lasts`},
		silence: 5 * time.Minute, // it is reported after three
		lasts:   sized(0, 10*time.Minute),
		passes:  true,
		state:   "degraded", what: "Microsoft refuses most requests",
		fix: func(s *rig.Service, _ *pipeline) { s.SetFaults() },
	},
	{
		name:    "clock",
		service: func(o *api.Options) { o.Skew = 10 * time.Minute },
		want:    []string{`warn.*collecting Audit.*the clock of this machine is behind Microsoft's: set it.*\(by 10m0s\)`},
		state:   "degraded", what: "the clock of this machine is behind Microsoft's",
	},
	{
		name:  "subscription disabled",
		later: func(s *rig.Service, _ *pipeline) { s.Disable(api.DefaultTenant, api.Exchange) },
		want: []string{
			` warn.*Audit\.Exchange: not collected: an administrator of the tenant or of the service disabled the subscription: .*AF20023`,
			`error.*Audit\.Exchange: lost: content of .*: the subscription was off`,
		},
		state: "failing", what: "disabled the subscription", types: []string{api.Exchange},
		fix: func(_ *rig.Service, p *pipeline) { // else it takes 15 minutes
			p.stop()
			p.start()
		},
		forgotten: true,
	},
	{
		name:    "no network",
		atStart: func(s *rig.Service, _ *pipeline) { s.Down() },
		want:    []string{`warn.*nothing is collected: the login service can't be reached.*it is tried again.*connection refused`},
		state:   "failing", what: "can't be reached",
		fix: func(s *rig.Service, p *pipeline) { must(p.t, s.Up()) },
	},
	{
		name:    "firewall",
		atStart: func(s *rig.Service, _ *pipeline) { s.SetFaults(api.Fault{Kind: "403"}) },
		want:    []string{`error.*nothing is collected: a web page answers in place of the service: let 127\.0\.0\.1:\d+ through at every proxy and firewall on the way.*HTTP 403`},
		state:   "failing", what: "a web page answers in place of the service",
		fix: func(s *rig.Service, _ *pipeline) { s.SetFaults() },
	},
	{
		name:    "unknown certificate authority",
		atStart: func(_ *rig.Service, p *pipeline) { delete(p.inputs[0], "ca_file") },
		want:    []string{`error.*nothing is collected: .*ca_file`},
		state:   "failing", what: "certificate",
	},
}

// complaint is a line of the plugin's above info.
var complaint = regexp.MustCompile(`(?m)^.*\[(?: warn|error)\] \[input:o365:o365\] .*$`)

// TestTrouble makes the mistakes that people make, and has their bad luck: each
// is reported once, with what to do, in the log, in the metrics, by a health record
// and by mail, and so is its end. Nothing is lost.
func TestTrouble(t *testing.T) {
	t.Parallel()
	for _, test := range mishaps {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inEachAtOnce(t, test.run)
		})
	}
}

func (x mishap) run(t *testing.T, p program) {
	opt := api.Options{Seed: 18, Blobs: 5, Records: 10}
	if x.service != nil {
		x.service(&opt)
	}
	s := newService(t, opt)
	pipe := newPipeline(t, p, s)
	pipe.serveHTTP()
	mails := newMailbox(t)
	pipe.set("health_tag", "health")
	pipe.set("alert_email_to", "oncall@example.com")
	pipe.set("alert_email_from", "o365@example.com")
	pipe.set("alert_after", "3s")
	pipe.set("smtp_url", mails.url())
	if x.atStart != nil {
		x.atStart(s, pipe)
	}
	pipe.start()
	if x.later != nil {
		pipe.complete()
		x.later(s, pipe)
	}
	must(t, rig.Await("a line above info", cmp.Or(x.silence, patience), func() bool { return complaint.MatchString(pipe.process.Log()) }, pipe.log.Len))
	x.isReported(t, pipe, mails)
	if x.lasts > 0 {
		time.Sleep(x.lasts)
		x.isReported(t, pipe, mails)
	}
	if x.fix == nil {
		pipe.stop()
		return
	}
	x.fix(s, pipe)
	x.isOver(t, pipe, mails)
}

// isReported checks all reports while it lasts.
func (x mishap) isReported(t *testing.T, pipe *pipeline, mails *mailbox) {
	t.Helper()
	if !x.passes {
		pipe.await("a mail", func() bool { return len(mails.all()) > 0 })
	}
	time.Sleep(3 * time.Second) // for others
	if !pipe.process.Running() {
		t.Fatalf("ended; %s", pipe.process.LogTail())
	}
	got := complaint.FindAllString(pipe.process.Log(), -1)
	if len(got) != 1 || !regexp.MustCompile(x.want[0]).MatchString(got[0]) {
		t.Errorf("want one line like %s; %s", x.want[0], pipe.process.LogTail())
	}
	for _, line := range got {
		t.Log(line)
	}
	if strings.Contains(pipe.process.Log(), rig.ClientSecret) {
		t.Error("the secret is in the log")
	}
	pipe.read()
	for _, typ := range api.ContentTypes() {
		h := pipe.health[typ]
		if x.types != nil && !slices.Contains(x.types, typ) {
			if h.State != "ok" {
				t.Errorf("health record of %s: %+v", typ, h)
			}
			continue
		}
		if h.State != x.state || !strings.Contains(h.What, x.what) || h.Do == "" {
			t.Errorf("health record of %s: %+v, want %s: %s", typ, h, x.state, x.what)
		}
	}
	x.isMeasured(t, pipe, x.types, x.state != "failing")
	all := mails.all()
	if x.passes == (len(all) == 1) {
		t.Errorf("%d mails: %q", len(all), all)
	}
	for _, mail := range all {
		if !strings.Contains(mail, x.what) {
			t.Errorf("mail without %q:\n%s", x.what, mail)
		}
	}
}

// isMeasured compares the metrics, where the host shows any.
func (x mishap) isMeasured(t *testing.T, pipe *pipeline, types []string, up bool) {
	t.Helper()
	if !pipe.program.FluentBit {
		return
	}
	want := map[bool]string{true: "1", false: "0"}
	for _, typ := range api.ContentTypes() {
		about := types == nil || slices.Contains(types, typ)
		series := fmt.Sprintf(`(?m)^fluentbit_o365_up\{name="o365",tenant="[-0-9a-f]*",content_type="%s"\} %s$`, regexp.QuoteMeta(typ), want[up || !about])
		if err := rig.Await(series+" in the metrics", patience, func() bool { return regexp.MustCompile(series).MatchString(pipe.metrics()) }); err != nil {
			t.Error(err)
		}
	}
}

// isOver checks that the end is reported, once, and that nothing is lost by it.
func (x mishap) isOver(t *testing.T, pipe *pipeline, mails *mailbox) {
	t.Helper()
	isOK := func() bool {
		pipe.read()
		for _, typ := range api.ContentTypes() {
			if pipe.health[typ].State != "ok" {
				return false
			}
		}
		return true
	}
	if err := pipe.awaits("the state ok of all content types", isOK); err != nil {
		t.Errorf("%v: %+v; %s", err, pipe.health, pipe.process.LogTail())
	}
	want := 0
	switch {
	case x.forgotten:
		want = 1
	case !x.passes:
		want = 2
		pipe.await("a mail about the end", func() bool { return len(mails.all()) >= want })
	}
	pipe.complete()
	x.isMeasured(t, pipe, nil, true)
	if all := mails.all(); len(all) != want {
		t.Errorf("%d mails, want %d: %q", len(all), want, all)
	} else if want > 1 {
		t.Log(all[1])
	}
	got := complaint.FindAllString(pipe.process.Log(), -1)
	if len(got) != len(x.want) {
		t.Errorf("%d lines above info, want %d; %s", len(got), len(x.want), pipe.process.LogTail())
	}
	for i, line := range got[:min(len(got), len(x.want))] {
		if !regexp.MustCompile(x.want[i]).MatchString(line) {
			t.Errorf("%s\nis not like %s", line, x.want[i])
		}
	}
	pipe.finish(0)
}
