// Package conf_test keeps the ready configurations of this folder right: they
// say the same in both formats, set what the promise of nothing lost needs,
// and their comments are those of the declared options.
package conf_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

func TestPairs(t *testing.T) {
	for _, name := range names(t) {
		yaml, classic := sections(t, name+".yaml"), sections(t, name+".conf")
		if len(yaml) != len(classic) {
			t.Errorf("%s has %d sections in YAML, %d in classic", name, len(yaml), len(classic))
			continue
		}
		for i := range yaml {
			y, c := yaml[i].settings, slices.DeleteFunc(classic[i].settings, loadsPlugins)
			if yaml[i].kind != classic[i].kind || !slices.Equal(y, c) {
				t.Errorf("%s, section %d: YAML\n%v %v\nclassic\n%v %v", name, i, yaml[i].kind, y, classic[i].kind, c)
			}
		}
	}
}

// loadsPlugins is what the classic format has for plugins: in YAML.
func loadsPlugins(s setting) bool { return s.key == "plugins_file" }

func TestOptionsAreRight(t *testing.T) {
	for _, path := range files(t) {
		checkOptions(t, path, sections(t, path))
	}
}

func checkOptions(t *testing.T, path string, all []section) {
	t.Helper()
	for _, s := range all {
		if s.get("name") != "o365" {
			continue
		}
		if _, err := parse(s); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, x := range s.settings {
			if _, ours := declared(x.key); !ours && !fluentBit[x.key] {
				t.Errorf("%s: the input has no option %s", path, x.key)
			}
		}
	}
}

// parse reads the options of an o365 input, with made-up values for variables.
func parse(s section) (option.Values, error) {
	return option.Parse(func(key string) string {
		return variable.ReplaceAllStringFunc(s.get(key), func(v string) string { return valueOf(strings.Trim(v, "${}")) })
	})
}

// fluentBit has the options of every input that the files use.
var fluentBit = map[string]bool{
	"name": true, "alias": true, "tag": true,
	"storage.type": true, "storage.pause_on_chunks_overlimit": true,
}

// TestNothingLost looks for what keeps records: a state file, chunks on disk, an
// input that pauses before they fill it, retries without an end.
func TestNothingLost(t *testing.T) {
	for _, path := range files(t) {
		if strings.HasPrefix(path, "stdout.") {
			continue
		}
		for _, s := range sections(t, path) {
			need := map[string]string{"service": "storage.path", "input": "db", "output": "retry_limit"}[s.kind]
			if s.get(need) == "" {
				t.Errorf("%s: %s without %s", path, s.kind, need)
			}
			if s.kind == "input" && s.get("storage.type") != "filesystem" {
				t.Errorf("%s: the input's chunks are not on disk", path)
			}
			if s.kind == "input" && s.get("storage.pause_on_chunks_overlimit") != "on" {
				t.Errorf("%s: chunks fill the disk during an outage of the destination", path)
			}
			if s.kind == "output" && s.get("name") != "s3" && s.get("retry_limit") != "no_limits" {
				t.Errorf("%s: retries end", path)
			}
		}
	}
}

// TestSentinelRequests keeps requests below what Sentinel accepts. Fluent Bit
// sends a chunk whole, and a chunk has every batch with its tag since the last
// flush, as JSON.
func TestSentinelRequests(t *testing.T) {
	// Fluent Bit takes what is under way every 250 ms, so it may do so three times from
	// one flush to the next; records are up to a half longer in JSON than in MessagePack.
	const request, times = 1 << 20, 3
	for _, path := range []string{"sentinel.yaml", "sentinel.conf"} {
		inputs := 0
		for _, s := range sections(t, path) {
			if s.kind == "service" {
				if flush, err := strconv.ParseFloat(s.get("flush"), 64); err != nil || flush > 0.5 {
					t.Errorf("%s: a chunk may grow for %q seconds", path, s.get("flush"))
				}
			}
			if s.get("name") != "o365" {
				continue
			}
			inputs++
			v, err := parse(s)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if size := v.Size(option.UnstoredMax); size*3/2 > request/times {
				t.Errorf("%s: %d bytes are under way, want at most %d", path, size, request/times*2/3)
			}
			if s.get(option.TagPrefix) == "" {
				t.Errorf("%s: all content types share a chunk", path)
			}
		}
		if inputs != 1 {
			t.Errorf("%s: %d inputs, want 1", path, inputs)
		}
	}
}

// TestSecrets lets no literal stand where a secret belongs.
func TestSecrets(t *testing.T) {
	secret := []string{"client_secret", "sas_token", "shared_key", "splunk_token", "http_passwd", "http_user", "certificate_password"}
	for _, path := range files(t) {
		for _, s := range sections(t, path) {
			for _, x := range s.settings {
				if slices.Contains(secret, x.key) && !variable.MatchString(x.value) {
					t.Errorf("%s: %s is written out", path, x.key)
				}
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, path := range files(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		header, _, _ := strings.Cut(string(text), "\n\n")
		if n := strings.Count(header, "\n") + 1; n < 3 || n > 6 {
			t.Errorf("%s: a header of %d lines, want 3 to 6", path, n)
		}
		if !strings.Contains(header, "fluent-bit -c /fluent-bit/etc/o365/"+path) {
			t.Errorf("%s: the header does not say how to run it", path)
		}
		for _, v := range variables(t, path) {
			if !strings.Contains(header, v) {
				t.Errorf("%s: the header does not name %s", path, v)
			}
		}
	}
}

func declared(key string) (option.Option, bool) {
	for o := range option.All() {
		if o.Key == key {
			return o, true
		}
	}
	return option.Option{}, false
}
