package host_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// Hosts that lack something.
func TestPluginOtherHosts(t *testing.T) {
	tests := []struct {
		name  string
		build []string
		args  []string
	}{
		{"2.2 to 4.0", []string{"-DNO_RING_METRIC"}, []string{"-def-size", "32"}},
		{"no metrics", []string{"-DNO_METRICS"}, nil},
		{"no append", []string{"-DNO_APPEND"}, []string{"-tick-ms", "100"}},
		{"neither", []string{"-DNO_METRICS", "-DNO_APPEND"}, []string{"-tick-ms", "100"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := simulate(t, api.Options{Blobs: 2, Records: 20})
			bin, err := host.Build(dir, test.build...)
			if err != nil {
				t.Fatal(err)
			}
			p := w.start(bin, append(w.args("", "batch_size=1M"), test.args...)...)
			w.wait()
			w.acknowledged(2 * len(everyType))
			stop(t, p, 0)
			w.exact()
			again := w.start(bin, append(w.args("", "batch_size=1M"), test.args...)...)
			started(t, again, 1)
			stop(t, again, 0)
			w.exact()
		})
	}
}

func TestPluginRefuses(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{})
	old, err := host.Build(dir, "-DNO_PRE_REGISTER")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		bin  string
		args []string
		want string
	}{
		{"no tenant", path, w.args("", "tenant_id="), "tenant_id"},
		{"two mistakes", path, w.args("", "tenant_id=x", "poll_interval=1s"), "[error] [input:o365:o365.0] poll_interval"},
		{"an unknown key", path, w.args("", "tennant=x"), "unknown configuration property 'tennant'"},
		{"before 2.2", old, w.args(""), "needs Fluent Bit 2.2 or later"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := w.start(test.bin, test.args...)
			if status := ended(t, p); status != 255 || !strings.Contains(p.Log(), test.want) {
				t.Errorf("exit status %d, want 255 and %q in\n%s", status, test.want, p.Log())
			}
		})
	}
}

func TestPluginOptions(t *testing.T) {
	w := simulate(t, api.Options{})
	p := w.start(path, "-options")
	if status := ended(t, p); status != 0 {
		t.Fatalf("exit status %d", status)
	}
	var want strings.Builder
	for o := range option.All() {
		fmt.Fprintf(&want, "%s\t%s\t%s\n", o.Key, o.Default, o.Description())
	}
	if p.Output() != want.String() {
		t.Errorf("options:\n%s\nwant\n%s", p.Output(), want.String())
	}
}

// A bug of ours stops the input, not Fluent Bit, even after Fluent Bit has put
// its own handler for SIGSEGV in the place of Go's.
func TestPluginBug(t *testing.T) {
	t.Parallel()
	w := simulate(t, api.Options{Blobs: 2, Records: 20})
	so, err := faulty()
	if err != nil {
		t.Fatal(err)
	}
	trigger := filepath.Join(t.TempDir(), "fault")
	cmd := exec.Command(path, append([]string{"-e", so, "-store", w.store, "-grace-ms", "300"}, w.args("", "log_level=debug")...)...)
	cmd.Env = append(os.Environ(), "O365_FAULT="+trigger)
	p := w.launch(cmd)
	w.wait()
	p.Reload()
	logged(t, p, "start everything", 1)
	if err := os.WriteFile(trigger, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	logged(t, p, "internal error in tick: runtime error: invalid memory address", 1)
	stop(t, p, 0)
	if strings.Count(p.Log(), "internal error") != 1 || !strings.Contains(p.Log(), "faulty.Next") {
		t.Errorf("one line and a stack are wanted:\n%s", p.Log())
	}
}

// The C side under AddressSanitizer. Leaks are not searched for: the collector's
// tables are never freed, and pointers that only Go holds appear as leaks.
func TestPluginSanitized(t *testing.T) {
	w := simulate(t, api.Options{Blobs: 10, Records: 30})
	bin, err := host.Build(dir, "-fsanitize=address", "-fno-omit-frame-pointer")
	if err != nil {
		t.Skipf("no AddressSanitizer: %v", err)
	}
	t.Setenv("ASAN_OPTIONS", "detect_leaks=0")
	for _, size := range []string{"32", "48"} {
		p := w.start(bin, append(w.args("", "log_level=debug"), "-def-size", size)...)
		w.wait()
		started(t, p, 1) // before that the signal could end a host that has no handler yet
		p.Reload()
		started(t, p, 2)
		stop(t, p, 0)
		if strings.Contains(p.Log(), "AddressSanitizer") {
			t.Errorf("log:\n%s", p.Log())
		}
	}
	w.exact()
}
