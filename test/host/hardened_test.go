package host_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// make hardened fails when a flag is missing, whatever the compiler does without.
func TestHardenedNeedsEveryFlag(t *testing.T) {
	sound := []string{"-O2", "-fPIC", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2",
		"-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack"}
	for _, tt := range []struct {
		flag, instead string
		want          string // in the output; "": it passes
	}{
		{"", "", ""},
		{"-Wl,-z,relro", "-Wl,-z,norelro", "GNU_RELRO"},
		{"-Wl,-z,now", "-Wl,-z,lazy", "BIND_NOW"},
		{"-Wl,-z,noexecstack", "-Wl,-z,execstack", "GNU_STACK"},
		{"-fstack-protector-strong", "-fstack-protector", "__stack_chk_fail"},
		{"-fstack-protector-strong", "-fno-stack-protector", "__stack_chk_fail"},
		{"-D_FORTIFY_SOURCE=2", "-DNONE", "f_chk"},
		{"-O2", "-O0", "f_chk"},
		{"", "-Wl,-rpath,/tmp", "PATH"},
		{"", "-DWRITABLE_CODE", "RWE"},
		{"", "-DPATCHED_CODE", "TEXTREL"},
	} {
		t.Run(strings.TrimSpace(tt.flag+" "+tt.instead), func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "object.so")
			flags := slices.DeleteFunc(slices.Clone(sound), func(f string) bool { return f == tt.flag })
			if tt.instead != "" {
				flags = append(flags, tt.instead)
			}
			args := append(flags, "-shared", "-o", out, "testdata/hardened.c")
			if text, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			text, err := exec.Command("make", "-s", "-C", "../..", "hardened", "out="+out).CombinedOutput()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(string(text), "is not hardened") || !strings.Contains(string(text), tt.want)) {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}
