package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// complaint is a line of the plugin's above info.
var complaint = regexp.MustCompile(`(?m)^.*\[(?: warn|error)\] \[input:o365:o365\] .*$`)

// echo is Fluent Bit's own line under the same name.
const echo = "could not initialize threaded plugin instance"

// TestFirstContact makes the mistakes that people make: each gives one line
// that says what to do, and the process goes on.
func TestFirstContact(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		spoil  func(*service, *pipeline)
		want   string // pattern of the line
		mend   func(*service)
		others bool // the other content types are collected
	}{
		{
			name:  "wrong secret",
			spoil: func(_ *service, p *pipeline) { p.set("client_secret", "wrong") },
			want:  `error.*nothing is collected: the client secret is wrong: client_secret wants the secret's Value, not its Secret ID .*AADSTS7000215`,
		},
		{
			name: "no permission for DLP",
			spoil: func(s *service, _ *pipeline) {
				s.login.ChangeApp(clientID, func(a *login.App) { a.Roles = []string{cloud.RoleRead} })
			},
			want:   `error.*collecting Audit\..*; not DLP\.All: the app may not read DLP events .*az ad app permission admin-consent --id `,
			others: true,
		},
		{
			name:  "auditing off",
			spoil: func(s *service, _ *pipeline) { s.SetAuditing(cloud.DefaultTenant, false) },
			want:  `error.*auditing is off in this tenant: run "Set-AdminAuditLogConfig`,
		},
		{
			name:  "no network",
			spoil: func(s *service, _ *pipeline) { s.down() },
			want:  `warn.*nothing is collected: the login service can't be reached.*it is tried again.*connection refused`,
			mend:  (*service).up,
		},
		{
			name:  "unknown certificate authority",
			spoil: func(_ *service, p *pipeline) { delete(p.inputs[0], "ca_file") },
			want:  `error.*ca_file`,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inEachAtOnce(t, func(t *testing.T, p program) {
				s := newService(t, cloud.Options{Seed: 18, Blobs: 5, Records: 10})
				pipe := newPipeline(t, p, s)
				test.spoil(s, pipe)
				pipe.start()
				within(20*time.Second, func() bool { return complaint.MatchString(pipe.process.text()) })
				time.Sleep(3 * time.Second) // for others
				if !pipe.process.running() {
					t.Fatalf("ended; %s", pipe.process.tail())
				}
				got := complaint.FindAllString(pipe.process.text(), -1)
				for _, line := range got {
					t.Log(line)
				}
				if len(got) != 1 || !regexp.MustCompile(test.want).MatchString(got[0]) {
					t.Errorf("want one line like %s; %s", test.want, pipe.process.tail())
				}
				if strings.Contains(pipe.process.text(), clientSecret) {
					t.Error("the secret is in the log")
				}
				r := pipe.report()
				if test.others != (r.Delivered > 0) || test.others && r.Lost != r.Types[cloud.DLP].Lost {
					t.Errorf("delivered meanwhile: %v", r)
				}
				if test.mend == nil {
					pipe.stop()
					return
				}
				test.mend(s)
				pipe.finish(time.Minute, 0)
			})
		})
	}
}

// TestMistakes is about mistakes in the configuration: the host does not
// start, and one line says why.
func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(options)
		want  string
	}{
		{"wrong key", func(o options) { o["tennant_id"] = o["tenant_id"] }, `(?m)^.*\[error\].*unknown configuration property 'tennant_id'.*$`},
		{"wrong value", func(o options) { o["poll_interval"] = "1s" }, `(?m)^.*\[error\].*poll_interval.*"1s".*10s to 24h.*$`},
		{"missing value", func(o options) { delete(o, "tenant_id") }, `(?m)^.*\[error\].*tenant_id: missing.*$`},
		{"contradiction", func(o options) { o["client_secret_file"] = "/tmp/secret" }, `(?m)^.*\[error\].*client_secret.*not both.*$`},
		{"no such file", func(o options) { o["ca_file"] = "/nowhere/ca.pem" }, `(?m)^.*\[error\].*ca_file.*/nowhere/ca.pem.*$`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			inEachAtOnce(t, func(t *testing.T, p program) {
				s := newService(t, cloud.Options{Seed: 19})
				pipe := newPipeline(t, p, s)
				test.spoil(pipe.inputs[0])
				status := pipe.start().ended(20 * time.Second)
				if status != 255 && status != 1 {
					t.Errorf("exit status %d", status)
				}
				got := regexp.MustCompile(test.want).FindAllString(pipe.process.text(), -1)
				all := complaint.FindAllString(strings.ReplaceAll(pipe.process.text(), "[input:o365:o365] "+echo, ""), -1)
				if len(got) != 1 || len(all) > 1 {
					t.Errorf("want one line like %s; %s", test.want, pipe.process.tail())
				}
				for _, line := range got {
					t.Log(line)
				}
			})
		})
	}
}
