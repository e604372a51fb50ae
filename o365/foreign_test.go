package o365

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// A service may put anything into its answers, what it was sent included. None
// of it reaches log, records or state file but as clean text without secrets.
func TestForeignTextOfAnswers(t *testing.T) {
	const secret = "simulated-secret" // the rig's
	hostile := strings.Join([]string{
		secret, url.QueryEscape(secret + "&"), base64.StdEncoding.EncodeToString([]byte(clientID + ":" + secret)),
		"\x1b[31m\x1b]0;title\x07", "\u202egnp.exe", "line\n[2026/11/28 10:00:00.000000000] [error] [input:o365:o365.0] forged",
		"Bearer 0123456789abcdef", strings.Repeat("long ", 5000),
	}, " ")
	for _, tt := range []struct {
		name   string
		status string
		op     string
		events int // health records that speak of it
	}{
		{"subscriptions", "403", "list", 1},
		{"start", "400", "start", 1},
		{"listing", "403", "content", 1},
		{"blob", "410", "audit", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, api.Options{Seed: 21, Blobs: 2, Records: 3, Types: []string{api.Exchange}}, func(t *testing.T, r *rig) {
				r.options["content_types"], r.options["health_tag"] = api.Exchange, "health"
				r.options["db"] = filepath.Join(t.TempDir(), "o365.db")
				body, _ := json.Marshal(map[string]any{"error": map[string]string{"code": "AF99999", "message": hostile}})
				r.cloud.SetFaults(api.Fault{Kind: tt.status, Op: tt.op, Text: string(body)})
				in := r.open()
				records := append(r.listen(in, 30*time.Second, "AF99999"), r.listen(in, 3*time.Second, "")...)
				in.Close()

				var told int
				for _, rec := range records {
					text := fmt.Sprint(rec["What"], rec["Detail"], rec["Reason"])
					if strings.Contains(text, "AF99999") {
						told++
					}
					wantClean(t, "a record", text)
				}
				if told < tt.events {
					t.Errorf("%d of %d health records speak of it", told, len(records))
				}
				log := r.log.text()
				if !strings.Contains(log, "AF99999") {
					t.Errorf("the log says\n%s", log)
				}
				for _, line := range strings.Split(log, "\n") {
					wantClean(t, "the log", line)
				}
				file, err := os.ReadFile(r.options["db"])
				if err != nil {
					t.Fatal(err)
				}
				for _, part := range []string{secret, "\x1b[31m", "\u202e", "0123456789abcdef"} {
					if strings.Contains(string(file), part) {
						t.Errorf("%q is in the state file", part)
					}
				}
			})
		})
	}
}

func wantClean(t *testing.T, where, text string) {
	t.Helper()
	for _, part := range []string{"simulated", "c2ltdWxhdGVk", "ltdWxhdGVkLXN", "0123456789abcdef", strings.Repeat("long ", 60)} {
		if strings.Contains(text, part) {
			t.Errorf("%s has %q in it: %s", where, part, text)
		}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("%s has %+q in it", where, text[i:min(len(text), i+10)])
	}
}
