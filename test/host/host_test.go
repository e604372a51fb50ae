package host_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// Built once, by TestMain.
var dir, path, fake string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if dir, err = os.MkdirTemp("", "host"); err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(dir)
		path, err = host.Build(dir)
		if errors.Is(err, host.ErrNoCompiler) {
			log.Print("no C compiler: nothing to test")
			return 0
		}
		if err != nil {
			log.Fatal(err)
		}
		fake = filepath.Join(dir, "fake.so")
		if out, err := exec.Command("cc", "-shared", "-fPIC", "-O1", "-o", fake, "testdata/plugin.c").CombinedOutput(); err != nil {
			log.Fatalf("%v\n%s", err, out)
		}
		return m.Run()
	}())
}

// fast makes the host's second shorter.
var fast = []string{"-tick-ms", "20", "-drain-ms", "20", "-flush-ms", "50", "-grace-ms", "100"}

// start starts a command, which is killed at the end of the test at the latest.
func start(t *testing.T, cmd *exec.Cmd) *rig.Process {
	t.Helper()
	p, err := rig.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("log:\n%s", p.Log())
		}
	})
	return p
}

// startFast starts the host with shorter seconds.
func startFast(t *testing.T, args ...string) *rig.Process {
	t.Helper()
	return start(t, exec.Command(path, append(fast, args...)...))
}

func stop(t *testing.T, p *rig.Process, want int) {
	t.Helper()
	p.Signal(syscall.SIGTERM)
	if got := ended(t, p); got != want {
		t.Errorf("exit status %d, want %d; log:\n%s", got, want, p.Log())
	}
}

// event is [time, record] in MessagePack.
func event(record ...byte) []byte {
	b := []byte{0x92, 0xd7, 0x00}
	b = binary.BigEndian.AppendUint32(b, 1_700_000_000)
	b = binary.BigEndian.AppendUint32(b, 5)
	return append(b, record...)
}

// field is a record with one field v.
func field(value ...byte) []byte { return event(append([]byte{0x81, 0xa1, 'v'}, value...)...) }

func float(f float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0xcb}, math.Float64bits(f))
}

func text(s string) []byte { return append([]byte{0xd9, byte(len(s))}, s...) }

func nested(depth int) []byte {
	return append([]byte(strings.Repeat("\x91", depth)), 0x90)
}

func TestJSON(t *testing.T) {
	tests := []struct {
		name  string
		value []byte
		want  string
	}{
		{"null", []byte{0xc0}, "null"},
		{"false", []byte{0xc2}, "false"},
		{"true", []byte{0xc3}, "true"},
		{"fixint", []byte{0x7f}, "127"},
		{"negative fixint", []byte{0xe0}, "-32"},
		{"uint8", []byte{0xcc, 0xff}, "255"},
		{"uint16", []byte{0xcd, 0xff, 0xff}, "65535"},
		{"uint32", []byte{0xce, 0xff, 0xff, 0xff, 0xff}, "4294967295"},
		{"uint64", []byte{0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "18446744073709551615"},
		{"int8", []byte{0xd0, 0x80}, "-128"},
		{"int16", []byte{0xd1, 0x80, 0}, "-32768"},
		{"int32", []byte{0xd2, 0x80, 0, 0, 0}, "-2147483648"},
		{"int64", []byte{0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}, "-9223372036854775808"},
		{"a whole float", float(26), "26.0"},
		{"a float", float(0.1), "0.1"},
		{"a large float", float(1e300), "1e+300"},
		{"all digits", float(0.30000000000000004), "0.30000000000000004"},
		{"float32", []byte{0xca, 0x3f, 0x80, 0, 0}, "1.0"},
		{"fixstr", []byte{0xa2, 'o', 'k'}, `"ok"`},
		{"escapes", text("a\"b\\c\nd\x01e"), `"a\"b\\c\u000ad\u0001e"`},
		{"unicode", text("Zoë 😀 \u2028"), "\"Zoë 😀 \u2028\""},
		{"array", []byte{0x93, 1, 0x90, 0x91, 2}, "[1,[],[2]]"},
		{"array16", []byte{0xdc, 0, 1, 3}, "[3]"},
		{"map", []byte{0x82, 0xa1, 'b', 1, 0xa1, 'a', 0x80}, `{"b":1,"a":{}}`},
		{"map16", []byte{0xde, 0, 1, 0xa1, 'k', 1}, `{"k":1}`},
		{"deep", nested(29), strings.Repeat("[", 30) + strings.Repeat("]", 30)},
	}
	var all []byte
	for _, test := range tests {
		all = append(all, field(test.value...)...)
	}
	p := startFast(t, "-e", fake, "-i", "fake", "-p", "events="+hex.EncodeToString(all))
	logged(t, p, "[input:fake] prerun", 1)
	output(t, p, len(tests))
	stop(t, p, 0)
	lines := strings.Split(strings.TrimSuffix(p.Output(), "\n"), "\n")
	if len(lines) != len(tests) {
		t.Fatalf("%d lines for %d events; log:\n%s", len(lines), len(tests), p.Log())
	}
	for i, test := range tests {
		if want := `{"v":` + test.want + "}"; lines[i] != want {
			t.Errorf("%s: %s, want %s", test.name, lines[i], want)
		}
		if !json.Valid([]byte(lines[i])) {
			t.Errorf("%s: not JSON: %s", test.name, lines[i])
		}
	}
}

func TestTagged(t *testing.T) {
	p := startFast(t, "-format", "tagged", "-e", fake, "-i", "fake", "-p", "tag=here", "-p", "events="+hex.EncodeToString(field(1)))
	output(t, p, 1)
	stop(t, p, 0)
	if want := `{"tag":"here","time":1700000000.000000005,"record":{"v":1}}` + "\n"; p.Output() != want {
		t.Errorf("%s, want %s", p.Output(), want)
	}
}

// What Fluent Bit's decoder stops at is reported.
func TestBadEvents(t *testing.T) {
	tests := []struct {
		name   string
		events []byte
		want   string
	}{
		{"cut off", field(0xcd, 1), "cut off"},
		{"a string cut off", field(0xa5, 'x'), "cut off"},
		{"not UTF-8", field(0xa1, 0xff), "not UTF-8"},
		{"a surrogate", field(0xa3, 0xed, 0xa0, 0x80), "not UTF-8"},
		{"no map", event(0x90), "a record that is no map"},
		{"no array", []byte{0x81, 0xa1, 'k', 1}, "not [time, record]"},
		{"a key that is a number", event(0x81, 1, 1), "a key that is no string"},
		{"binary", field(0xc4, 1, 0), "a type that JSON has not"},
		{"too deep", field(nested(31)...), "nested too deep"},
		{"a group marker", append([]byte{0x92, 0xd7, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}, 0x80), "no time"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := startFast(t, "-e", fake, "-i", "fake", "-p", "events="+hex.EncodeToString(append(field(1), test.events...)))
			logged(t, p, "violation", 1)
			stop(t, p, 70)
			if !strings.Contains(p.Log(), "event 1 is "+test.want) {
				t.Errorf("log:\n%s", p.Log())
			}
		})
	}
}

func TestSins(t *testing.T) {
	for _, sin := range []string{"late read", "slow", "slow exit", "line break"} {
		t.Run(sin, func(t *testing.T) {
			t.Parallel()
			p := startFast(t, "-e", fake, "-i", "fake", "-p", "sin="+sin)
			logged(t, p, "[input:fake] sinned", 1)
			stop(t, p, 70)
		})
	}
	p := startFast(t, "-e", fake, "-i", "fake", "-p", "sin=no start")
	if status := ended(t, p); status != 255 {
		t.Errorf("exit status %d after a failed start, want 255", status)
	}
}

func TestOrder(t *testing.T) {
	p := startFast(t, "-e", fake, "-i", "fake")
	logged(t, p, "] prerun", 1)
	p.Reload()
	logged(t, p, "] prerun", 2)
	stop(t, p, 0)
	var got []string
	for line := range strings.Lines(p.Log()) {
		if _, text, ok := strings.Cut(strings.TrimSpace(line), "[input:fake] "); ok {
			got = append(got, text)
		}
	}
	const want = "init,prerun,pause,pause,preexit for a reload,exit,unregister,init,prerun,pause,pause,preexit,exit,unregister"
	if strings.Join(got, ",") != want {
		t.Errorf("callbacks:\n%s\nwant\n%s", strings.Join(got, ","), want)
	}
}

func TestConfigFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fluent-bit.conf")
	conf := "[SERVICE]\n    flush 1\n\n[INPUT]\n    Name  fake\n    # a comment\n    Tag   ${HOST_TEST_TAG}.x\n    events " +
		hex.EncodeToString(field(1)) + "\n[INPUT]\n    name dummy\n[OUTPUT]\n    name stdout\n"
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOST_TEST_TAG", "from.env")
	p := startFast(t, "-format", "tagged", "-e", fake, "-c", file)
	output(t, p, 1)
	stop(t, p, 0)
	if !strings.HasPrefix(p.Output(), `{"tag":"from.env.x",`) {
		t.Errorf("events: %s; log:\n%s", p.Output(), p.Log())
	}
}
