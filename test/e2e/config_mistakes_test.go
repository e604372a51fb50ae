package e2e

import (
	"regexp"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// echo is Fluent Bit's own line under the name of an input.
const echo = "could not initialize threaded plugin instance"

// TestMistakes is about mistakes in the configuration: the host does not
// start, and one line gives the reason.
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
				s := newService(t, api.Options{Seed: 19})
				pipe := newPipeline(t, p, s)
				test.spoil(pipe.inputs[0])
				status := pipe.start().Wait(patience)
				if status != 255 && status != 1 {
					t.Errorf("exit status %d", status)
				}
				got := regexp.MustCompile(test.want).FindAllString(pipe.process.Log(), -1)
				all := complaint.FindAllString(strings.ReplaceAll(pipe.process.Log(), "[input:o365:o365] "+echo, ""), -1)
				if len(got) != 1 || len(all) > 1 {
					t.Errorf("want one line like %s; %s", test.want, pipe.process.LogTail())
				}
				for _, line := range got {
					t.Log(line)
				}
			})
		})
	}
}
