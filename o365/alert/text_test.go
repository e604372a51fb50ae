package alert

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var update = flag.Bool("update", false, "write testdata")

const tenant, other = "8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33", "1f6a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c"

func status(tenant, contentType string, state health.State, since time.Duration, causes ...health.Cause) health.Status {
	return health.Status{Stream: source.Stream{Tenant: tenant, ContentType: contentType}, State: state, Since: noon.Add(-since), Causes: causes}
}

// TestText compares whole mails with testdata.
func TestText(t *testing.T) {
	secret := health.Cause{
		What:   "the client secret has expired",
		Do:     "Create a new one and write it to the file that client_secret_file names:\naz ad app credential reset --id 5f1b7c02-9a4e-4c8d-b1de-0c7a3e9f6b24 --append --query password --output tsv",
		Detail: "AADSTS7000222: The provided client secret keys for app '5f1b7c02-9a4e-4c8d-b1de-0c7a3e9f6b24' are expired. Trace ID: 0a1b2c3d-0000-4000-8000-123456789abc",
	}
	ending := health.Cause{What: "the certificate ends on 2026-12-01", Do: "Replace it."}
	for name, states := range map[string][]health.Status{
		"failing": {
			status(tenant, "Audit.Exchange", health.Failing, 35*time.Minute, secret),
			status(tenant, "Audit.General", health.Failing, 32*time.Minute, secret),
			status(other, "Audit.Exchange", health.Failing, 20*time.Minute, secret),
			status(other, "DLP.All", health.OK, 20*time.Minute),
		},
		"two-causes": {
			status(tenant, "DLP.All", health.Failing, 2*time.Hour, health.Cause{What: "the permission ActivityFeed.ReadDlp is missing", Do: "Grant it."}),
			status(other, "Audit.Exchange", health.Degraded, 26*time.Hour, ending),
		},
		"degraded": {status(other, "Audit.Exchange", health.Degraded, time.Hour, ending)},
		"too-late": {status(tenant, "Audit.Exchange", health.Failing, 9*24*time.Hour, secret)},
	} {
		t.Run(name, func(t *testing.T) {
			seen := observe(noon, states, observations{})
			r, after := decide(noon, 30*time.Minute, states, seen, nil)
			golden(t, name, r)

			// A day later it is still so; then it is over.
			later := noon.Add(24 * time.Hour)
			still, after := decide(later, 30*time.Minute, states, observe(later, states, seen), after)
			if got := still.subject(instance{"o365.0", "collector-1", retention}); !strings.Contains(got, "] audit records still ") {
				t.Errorf("the subject of a reminder is %s", got)
			}
			for i := range states {
				states[i].State, states[i].Since, states[i].Causes = health.OK, later, nil
			}
			seen = observe(later, states, seen)
			over, _ := decide(later.Add(time.Hour), 30*time.Minute, states, seen, after)
			golden(t, name+"-over", over)
		})
	}
}

const retention = 7 * 24 * time.Hour

func golden(t *testing.T, name string, r report) {
	t.Helper()
	p := instance{"o365.0", "collector-1", retention}
	got := "Subject: " + r.subject(p) + "\n\n" + r.body(p)
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != got {
		t.Errorf("%s: %v\n%s", path, err, got)
	}
}

// What comes from elsewhere is cut and cleaned.
func TestWildText(t *testing.T) {
	wild := "a\r\nBcc: b@c\x00\x1b[31m\u202e\xff " + strings.Repeat("word ", 5000) + strings.Repeat("x", 5000)
	states := []health.Status{status(tenant, "Audit.Exchange", health.Failing, time.Hour, health.Cause{What: wild, Do: wild, Detail: wild})}
	r, _ := decide(noon, 0, states, observe(noon, states, observations{}), nil)
	p := instance{name: wild, host: "h"}
	if s := r.subject(p); len([]rune(s)) > maxSubjectChars || strings.ContainsFunc(s, unprintable) {
		t.Errorf("subject: %q", s)
	}
	b := r.body(p)
	if len(b) > 10*maxLineChars || strings.ContainsFunc(strings.ReplaceAll(b, "\n", ""), unprintable) {
		t.Errorf("body: %q", b)
	}
}

// The errors of a cause are shown as far as they are few.
func TestDetails(t *testing.T) {
	for n, want := range map[int]string{
		0: "", 1: "\nThe error:\n  0\n", maxDetails: "\nThe error:\n  0\n  1\n  2\n",
		maxDetails + 1: "\nThe error:\n  0\n  1\n  2\n  and 1 more, see the log\n", maxDetails + 4: "\nThe error:\n  0\n  1\n  2\n  and 4 more, see the log\n",
	} {
		var b strings.Builder
		var details []string
		for i := range n {
			details = append(details, strconv.Itoa(i))
		}
		group{details: details}.write(&b, noon, retention)
		if _, got, _ := strings.Cut(b.String(), "since when:\n"); got != want+"\n" {
			t.Errorf("%d details: %q, want %q", n, got, want+"\n")
		}
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 59 * time.Second: "59 s", time.Minute: "1 min", time.Hour - 1: "59 min", time.Hour: "1 h 0 min",
		24*time.Hour - 1: "23 h 59 min", 24 * time.Hour: "1 d 0 h", 8*24*time.Hour + 90*time.Minute: "8 d 1 h",
	} {
		if got := roughly(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }
