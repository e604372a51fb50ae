package option

import (
	"regexp"
	"strings"
	"testing"
)

func TestDeclaration(t *testing.T) {
	key := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	seen := map[string]bool{}
	for o := range All() {
		if !key.MatchString(o.Key) {
			t.Errorf("%q is not lower snake_case", o.Key)
		}
		if seen[o.Key] {
			t.Errorf("%s is declared twice", o.Key)
		}
		seen[o.Key] = true
		if !regexp.MustCompile(`^[A-Z].*[^.]\.$`).MatchString(o.Help) {
			t.Errorf("%s: the help is not one full sentence: %q", o.Key, o.Help)
		}
		if strings.ContainsAny(o.Help, "|`\n\"\\") {
			t.Errorf("%s: the help does not fit a table, YAML and C: %q", o.Key, o.Help)
		}
		if o.Required && o.Default != "" {
			t.Errorf("%s is required and has a default", o.Key)
		}
		if o.Secret && o.Default != "" {
			t.Errorf("%s is a secret with a default", o.Key)
		}
	}
}

// TestReserved holds that no key is one that Fluent Bit does not pass to an input
// (flb_input.c, flb_input_set_property; the configuration's loader).
func TestReserved(t *testing.T) {
	exact := map[string]bool{}
	for _, k := range strings.Fields(`name tag alias log_level log_suppress_interval
		host port ipv6 listen match match_regex mem_buf_limit retry_limit routable
		routes processors telemetry threaded workers tls`) {
		exact[k] = true
	}
	prefix := regexp.MustCompile(`^(tls\.|tls_|net\.|oauth2|rate_|thread|storage\.)`)
	for o := range All() {
		if exact[o.Key] || prefix.MatchString(o.Key) {
			t.Errorf("%s is Fluent Bit's", o.Key)
		}
	}
}

func TestDescription(t *testing.T) {
	want := map[string]string{
		TenantID:     "Directory (tenant) GUID to collect from, or several for one multi-tenant application. Required.",
		PollInterval: "How often new content is listed. Allowed values: 10s to 24h.",
		Cloud: "Microsoft cloud of the tenant, which decides the addresses of the API and of the login. " +
			"Allowed values: enterprise, gcc, gcc_high or dod.",
		DB: "State file with the checkpoint of what was delivered; without it, every start collects the whole lookback again.",
	}
	for o := range All() {
		if w, ok := want[o.Key]; ok && o.Description() != w {
			t.Errorf("%s: %q, want %q", o.Key, o.Description(), w)
		}
	}
}
