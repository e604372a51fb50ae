package host_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// everyType are all content types, one by one.
var everyType = []string{"Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General", "DLP.All"}

// repeat are the arguments that set a property several times.
func repeat(key string, values ...string) []string {
	var args []string
	for _, v := range values {
		args = append(args, "-p", key+"="+v)
	}
	return args
}

// without is an input without some of its options.
func without(o rig.Options, keys ...string) rig.Options {
	o = maps.Clone(o)
	for _, k := range keys {
		delete(o, k)
	}
	return o
}

// wrongLists sets every list option to two wrong items; wants are the lines that
// must follow.
func wrongLists() (lists map[string][]string, wants []string) {
	lists = map[string][]string{}
	for o := range option.All() {
		if o.List() {
			lists[o.Key] = []string{"wrong1", "wrong2"}
			wants = append(wants, "[input:o365:o365.0] "+o.Key+`: "wrong1" is`, "[input:o365:o365.0] "+o.Key+`: "wrong2" is`)
		}
	}
	return lists, wants
}

// A list can be a property that is set several times: so Fluent Bit passes on
// lists of YAML. A host of before 5.1.1 does not know the options.
func TestPluginLists(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"32", "48"} {
		t.Run("definition of "+size, func(t *testing.T) {
			t.Parallel()
			w := simulate(t, api.Options{Blobs: 2, Records: 20})
			input := []string{"-def-size", size, "-i", "o365"}
			p := w.start(path, slices.Concat(input, without(w.input(""), option.ContentTypes).Args(), repeat(option.ContentTypes, everyType...))...)
			w.wait()
			stop(t, p, 0)
			w.exact()

			lists, wants := wrongLists()
			args := input
			for key, items := range lists {
				args = append(args, repeat(key, items...)...)
			}
			refused(t, w.start(path, args...), wants...)
		})
	}
}

// Any other option is set once. Fluent Bit 5.1.1 detects that before the plugin
// does, unless the spelling differs.
func TestPluginSetTwice(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{})
	for _, tt := range []struct {
		size, again, want string
	}{
		{"32", "db", "[error] [input:o365:o365.0] db: set 2 times (keep one of them)"},
		{"48", "DB", "[error] [input:o365:o365.0] db: set 2 times (keep one of them)"},
		{"48", "db", "[error] [config] o365: configuration property 'db' is set 2 times"},
	} {
		t.Run(tt.size+" "+tt.again, func(t *testing.T) {
			p := w.start(path, append(w.args(""), "-def-size", tt.size, "-p", tt.again+"=/elsewhere")...)
			refused(t, p, tt.want)
			if n := strings.Count(p.Log(), "set 2 times"); n != 1 {
				t.Errorf("%d lines, want 1:\n%s", n, p.Log())
			}
		})
	}
}

// Where the plugin cannot read the host's list of properties there is only the
// first value: the log shows how to write a list, or the host refuses two.
func TestPluginListsOnOneLine(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 2, Records: 3})
	bin, err := host.Build(dir, "-DNO_KV")
	if err != nil {
		t.Fatal(err)
	}
	args := slices.Concat([]string{"-i", "o365"}, without(w.input(""), option.ContentTypes).Args(),
		repeat(option.ContentTypes, "Audit.Exchange", "Audit.General"))

	refused(t, w.start(bin, args...), "configuration property 'content_types' is set 2 times")

	p := w.start(bin, append(args, "-def-size", "32")...)
	w.stored(2 * 3)
	stop(t, p, 0)
	if !strings.Contains(p.Log(), "[ info] [input:o365:o365.0] this Fluent Bit's properties have an unknown layout") ||
		!strings.Contains(p.Log(), "in one line, with commas") {
		t.Errorf("log:\n%s", p.Log())
	}

	w = simulate(t, api.Options{Blobs: 2, Records: 3})
	p = w.start(bin, w.args("", option.ContentTypes+"="+strings.Join(everyType, ", "))...)
	w.wait()
	stop(t, p, 0)
	w.exact()
}

// refused waits for the end of a host that does not start, and looks for lines.
func refused(t *testing.T, p *rig.Process, wants ...string) {
	t.Helper()
	if status := ended(t, p); status != 255 {
		t.Errorf("exit status %d, want 255", status)
	}
	for _, want := range wants {
		if !strings.Contains(p.Log(), want) {
			t.Errorf("no %q in\n%s", want, p.Log())
		}
	}
}

// form is a configuration of one o365 input as a file.
type form struct {
	name string
	file func(service, input rig.Options, lists map[string][]string, output rig.Options) string
}

func classic(service, input rig.Options, lists map[string][]string, output rig.Options) string {
	var b strings.Builder
	section := func(name string, o rig.Options) {
		fmt.Fprintf(&b, "[%s]\n", name)
		for _, key := range slices.Sorted(maps.Keys(o)) {
			fmt.Fprintf(&b, "    %s %s\n", key, o[key])
		}
	}
	section("SERVICE", service)
	section("INPUT", input)
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		for _, item := range lists[key] {
			fmt.Fprintf(&b, "    %s %s\n", key, item)
		}
	}
	section("OUTPUT", output)
	return b.String()
}

func yaml(service, input rig.Options, lists map[string][]string, output rig.Options) string {
	var b strings.Builder
	section := func(head, indent string, o rig.Options) {
		b.WriteString(head)
		for _, key := range slices.Sorted(maps.Keys(o)) {
			fmt.Fprintf(&b, "%s%s: %q\n", indent, key, o[key])
		}
	}
	section("service:\n", "  ", service)
	section("pipeline:\n  inputs:\n    - name: o365\n", "      ", without(input, "name"))
	for _, key := range slices.Sorted(maps.Keys(lists)) {
		fmt.Fprintf(&b, "      %s:\n", key)
		for _, item := range lists[key] {
			fmt.Fprintf(&b, "        - %s\n", item)
		}
	}
	section("  outputs:\n    - name: file\n", "      ", without(output, "name"))
	return b.String()
}

// Lists in real configurations, in both forms.
func TestFluentBitLists(t *testing.T) {
	bin := fluentBit(t)
	t.Log(bin.Name)
	t.Parallel()
	for _, f := range []form{{"classic.conf", classic}, {"list.yaml", yaml}} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := simulate(t, api.Options{Blobs: 2, Records: 20})
			folder := filepath.Dir(w.store)
			run := func(lists map[string][]string, more rig.Options, flags ...string) *rig.Process {
				file := filepath.Join(folder, f.name)
				input := w.input("").With(rig.Options{"name": "o365"}).With(more)
				text := f.file(rig.Options{"flush": "1"}, without(input, slices.Collect(maps.Keys(lists))...), lists,
					rig.Options{"name": "file", "match": "*", "path": folder, "file": filepath.Base(w.store), "format": "plain"})
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return w.launch(exec.Command(bin.Path, append([]string{"-e", w.so, "-c", file}, flags...)...))
			}

			mail := rig.Options{"alert_email_from": "a@example.com", "smtp_url": "smtp://127.0.0.1:1?starttls=off"}
			good := map[string][]string{
				option.TenantID:     {w.input("")[option.TenantID]},
				option.ContentTypes: everyType,
				option.AlertEmailTo: {"ops@example.com", "siem@example.com"},
			}
			p := run(good, mail)
			w.wait()
			stop(t, p, 0)
			w.exact()

			if p = run(good, mail, "--dry-run"); ended(t, p) != 0 {
				t.Errorf("dry run:\n%s", p.Log())
			}
			lists, wants := wrongLists()
			refused(t, run(lists, nil), wants...)

			p = run(map[string][]string{option.DB: {"/a", "/b"}}, nil)
			refused(t, p)
			if n := strings.Count(p.Log(), "set 2 times"); n != 1 {
				t.Errorf("%d lines about an option that is set twice, want 1:\n%s", n, p.Log())
			}
		})
	}
}
