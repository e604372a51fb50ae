package o365

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	testrig "github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// What people are told when something is wrong: these lines and no others, and
// the health records of the streams' states.
func TestTroubleIsTold(t *testing.T) {
	const (
		all  = api.DefaultTenant + ": "
		run  = `run "az ad app permission add --id ` + clientID + ` --api c5393580-f805-4401-95e8-94b7a6ef2fc2 --api-permissions `
		tell = `" and "az ad app permission admin-consent --id ` + clientID + `", or in Entra ID, App registrations, API permissions add the application permission Office 365 Management APIs / `
		ran  = ` and grant admin consent `
		read = run + "594c1fb6-4f81-4475-ae41-0c394909246c=Role" + tell + "ActivityFeed.Read" + ran
		dlp  = run + "4807a72c-ad38-4250-94c9-4eabfe26cd55=Role" + tell + "ActivityFeed.ReadDlp" + ran
		noDB = "3 no db is set: what was delivered is forgotten at the end, and every start looks back 168h0m0s again"
	)
	for _, tt := range []struct {
		name    string
		spoil   func(r *rig)
		options api.Options
		lines   []string // the first without its notes
		states  []string
	}{
		{"wrong secret", func(r *rig) { r.options["client_secret"] = "wrong" }, api.Options{},
			[]string{"1 " + all + "nothing is collected: the client secret is wrong: client_secret wants the secret's Value, not its Secret ID (AADSTS7000215: Invalid client secret provided)"},
			[]string{"Audit.Exchange failing", "DLP.All failing"}},
		{"expired secret", func(r *rig) {
			r.login.ChangeApp(clientID, func(a *login.App) { a.SecretExpires = time.Now().Add(-time.Hour) })
		}, api.Options{},
			[]string{"1 " + all + "nothing is collected: the client secret has expired: make a new client secret for the app and put its Value into client_secret or client_secret_file " +
				"(AADSTS7000222: The provided client secret keys for app '" + clientID + "' are expired)"},
			[]string{"Audit.Exchange failing", "DLP.All failing"}},
		{"unknown tenant", func(r *rig) { r.options["tenant_id"] = "99999999-2222-4333-8444-555555555555" }, api.Options{},
			[]string{"1 99999999-2222-4333-8444-555555555555: nothing is collected: there is no such tenant in this cloud: check tenant_id and cloud (AADSTS90002: Tenant '99999999-2222-4333-8444-555555555555' not found)"},
			[]string{"Audit.Exchange failing", "DLP.All failing"}},
		{"no permission", func(r *rig) {
			r.login.ChangeApp(clientID, func(a *login.App) { a.Roles = []string{} })
		}, api.Options{},
			[]string{"1 " + all + "nothing is collected; Audit.Exchange: the app may not read the audit log (ActivityFeed.Read is missing): " + read + "(subscriptions: HTTP 401 AF10001: The permission set () sent in the request does not include the expected permission.)" +
				"; DLP.All: the app may not read DLP events (ActivityFeed.ReadDlp is missing): " + dlp + "(subscriptions: HTTP 401 AF10001: The permission set () sent in the request does not include the expected permission.)"},
			[]string{"Audit.Exchange failing", "DLP.All failing"}},
		{"no permission for DLP", func(r *rig) {
			r.login.ChangeApp(clientID, func(a *login.App) { a.Roles = []string{api.RoleRead} })
		}, api.Options{},
			[]string{"1 " + all + "collecting Audit.Exchange; not DLP.All: the app may not read DLP events (ActivityFeed.ReadDlp is missing): " + dlp + "(start: HTTP 401 AF10001: The permission set (ActivityFeed.Read) sent in the request does not include the expected permission.)"},
			[]string{"Audit.Exchange ok", "DLP.All failing"}},
		{"auditing off", func(r *rig) { r.cloud.SetAuditing(api.DefaultTenant, false) }, api.Options{},
			[]string{"1 " + all + `nothing is collected: auditing is off in this tenant: run "Set-AdminAuditLogConfig -UnifiedAuditLogIngestionEnabled $true" in Exchange Online PowerShell; it takes up to 60 minutes, and after that up to 12 hours until the first content ` +
				"(start: HTTP 400: Microsoft.Office.Compliance.Audit.DataServiceException: Tenant " + api.DefaultTenant + " does not exist.)"},
			[]string{"Audit.Exchange failing", "DLP.All failing"}},
		{"clock 10 minutes behind", func(*rig) {}, api.Options{Skew: 10 * time.Minute},
			[]string{"2 " + all + `collecting Audit.Exchange and DLP.All; the clock of this machine is behind Microsoft's: set it, for example with "timedatectl set-ntp true"; Microsoft's time is used for listing meanwhile (by 10m0s)`},
			[]string{"Audit.Exchange degraded", "DLP.All degraded"}},
		{"all is well", func(*rig) {}, api.Options{},
			[]string{"3 " + all + "collecting Audit.Exchange and DLP.All"},
			[]string{"Audit.Exchange ok", "DLP.All ok"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.options.Blobs, tt.options.Records, tt.options.Types = 2, 3, []string{api.Exchange, api.DLP}
			inBubble(t, tt.options, func(t *testing.T, r *rig) {
				r.options["content_types"] = api.Exchange + "," + api.DLP
				r.options["health_tag"] = "health"
				tt.spoil(r)
				in := r.open()
				defer in.Close()
				records := append(r.listen(in, 15*time.Second, r.options["tenant_id"]+": "), r.listen(in, 3*time.Second, "")...)
				var lines []string
				for _, line := range strings.Split(r.log.text(), "\n") {
					for _, note := range []string{"; subscription started", "; Audit.Exchange: subscription started", "; caught up", "; DLP.All: caught up", "; Audit.Exchange: caught up"} {
						line, _, _ = strings.Cut(line, note)
					}
					if line != noDB && !strings.Contains(line, ": caught up, ") {
						lines = append(lines, line)
					}
				}
				if !slices.Equal(lines, tt.lines) {
					t.Errorf("the log says\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(tt.lines, "\n"))
				}
				var states []string
				for _, rec := range records {
					states = append(states, fmt.Sprint(rec["ContentType"], " ", rec["State"]))
					if _, why := rec["What"]; why != (rec["State"] != "ok") {
						t.Errorf("a state without its reason: %v", rec)
					}
				}
				for _, status := range in.reporter.monitor.Snapshot() {
					up := map[health.State]float64{health.OK: 1, health.Degraded: 1}[status.State]
					if got := number(t, in, "up", status.Tenant, status.ContentType); got != up {
						t.Errorf("%s is %s and up %v", status.ContentType, status.State, got)
					}
				}
				slices.Sort(states)
				if states = slices.Compact(states); !slices.Equal(states, tt.states) {
					t.Errorf("states %q, want %q", states, tt.states)
				}
			})
		})
	}
}

// listen confirms what comes for a while, or until the log says something, and
// returns the health records.
func (r *rig) listen(in *Input, d time.Duration, until string) (records []map[string]any) {
	r.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end) && (until == "" || !strings.Contains(r.log.text(), until)); time.Sleep(time.Millisecond) {
		b := in.Next()
		if b == nil {
			continue
		}
		if b.Tag == "health" {
			for _, text := range readEvents(r.t, b.Events) {
				var rec map[string]any
				if err := json.Unmarshal(text, &rec); err != nil {
					r.t.Fatal(err)
				}
				records = append(records, rec)
			}
		}
		b.Ack()
	}
	return records
}

func TestSubscriptionDisabledLater(t *testing.T) {
	inBubble(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange}, Subscribed: []string{api.Exchange}}, subscriptionDisabledLater)
}

func subscriptionDisabledLater(t *testing.T, r *rig) {
	r.options["content_types"], r.options["health_tag"] = api.Exchange, "health"
	in := r.open()
	defer in.Close()
	r.listen(in, 15*time.Second, ": collecting ")
	r.listen(in, 2*time.Second, "")
	before := r.log.text()
	r.cloud.Disable(api.DefaultTenant, api.Exchange)
	records := append(r.listen(in, 30*time.Second, "subscription started again"), r.listen(in, time.Second, "")...)
	said := strings.TrimPrefix(r.log.text(), before)
	for _, want := range []string{": lost: content of ", "disabled the subscription", "subscription started again"} {
		if strings.Count(said, want) != 1 {
			t.Errorf("%q is not said once:\n%s", want, said)
		}
	}
	if n := strings.Count(strings.TrimSpace(said), "\n"); n > 1 {
		t.Errorf("%d lines:\n%s", n+1, said)
	}
	var kinds []string
	for _, rec := range records {
		kinds = append(kinds, fmt.Sprint(rec["Operation"], " ", rec["State"]))
	}
	if want := []string{"state failing", "state ok", "gap <nil>"}; !slices.Equal(kinds, want) {
		t.Errorf("health records %q, want %q", kinds, want)
	}
}

// With subscribe off, none is started.
func TestNoSubscriptionIsStarted(t *testing.T) {
	inBubble(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange, api.General}, Subscribed: []string{api.Exchange}}, func(t *testing.T, r *rig) {
		r.options["content_types"], r.options["subscribe"] = api.Exchange+","+api.General, "off"
		in := r.open()
		defer in.Close()
		r.listen(in, time.Minute, "there is no subscription")
		if n := number(t, in, "requests_total", "start"); n > 0 || !strings.Contains(r.log.text(), "not Audit.General: there is no subscription: set subscribe on, or start it") {
			t.Errorf("%v starts; the log says\n%s", n, r.log.text())
		}
	})
}

func TestStateFileThatCantBeWritten(t *testing.T) {
	t.Parallel()
	inBubble(t, api.Options{Blobs: 5, Records: 5}, func(t *testing.T, r *rig) {
		r.options["health_tag"], r.options["db"] = "health", filepath.Join(t.TempDir(), "state.db")
		in := r.open()
		defer in.Close()
		in.reporter.ledger.Close() // every write fails from now on
		records := append(r.listen(in, 15*time.Second, "the state file can't be written"), r.listen(in, time.Second, "")...)
		if n := strings.Count(r.log.text(), "the state file can't be written: make room on the disk of db"); n != 1 {
			t.Errorf("it is said %d times:\n%s", n, r.log.text())
		}
		degraded := 0
		for _, rec := range records {
			if rec["State"] == string(health.Degraded) && rec["What"] == "the state file can't be written" && rec["Detail"] == "ledger is closed" {
				degraded++
			}
		}
		if degraded != len(api.ContentTypes()) {
			t.Errorf("%d streams are degraded: %v", degraded, records)
		}
	})
}

// While an older token is still valid, a login that fails is told, and its recovery.
func TestLoginThatCantBeRenewed(t *testing.T) {
	inBubble(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange}}, func(t *testing.T, r *rig) {
		r.options["content_types"] = api.Exchange
		r.login.SetTokenLifetime(7 * time.Minute) // it is renewed after two
		in := r.open()
		defer in.Close()
		r.listen(in, time.Minute, ": collecting ")
		r.login.SetSecret(clientID, "another")
		r.listen(in, 5*time.Minute, "the login can't be renewed; the present token is used until it expires")
		status := in.reporter.monitor.Snapshot()[0]
		if status.State != health.Degraded || strings.Contains(r.log.text(), "not collected") {
			t.Errorf("%v; the log says\n%s", status, r.log.text())
		}
		r.login.SetSecret(clientID, testrig.ClientSecret)
		r.listen(in, 5*time.Minute, ": over after ")
		if status := in.reporter.monitor.Snapshot()[0]; status.State != health.OK {
			t.Errorf("%v; the log says\n%s", status, r.log.text())
		}
	})
}

// A token that the service refuses is replaced, without a word.
func TestRevokedToken(t *testing.T) {
	inBubble(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange}}, func(t *testing.T, r *rig) {
		r.options["content_types"] = api.Exchange
		in := r.open()
		defer in.Close()
		r.listen(in, time.Minute, ": collecting ")
		r.login.RevokeAll()
		r.listen(in, time.Minute, "")
		if n := number(t, in, "requests_total", "token"); n != 2 || in.reporter.monitor.Snapshot()[0].State != health.OK {
			t.Errorf("%v tokens; the log says\n%s", n, r.log.text())
		}
	})
}
