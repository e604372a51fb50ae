package conf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// TestDryRun lets Fluent Bit itself judge the configurations and those in the
// pages, where there is one and the plugin is built.
func TestDryRun(t *testing.T) {
	fluentBit := fluentBitPath(t)
	plugin, err := filepath.Abs("../build/in_o365.so")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(plugin); err != nil {
		t.Skip("the plugin is not built: ", err)
	}
	dir := t.TempDir()
	here := strings.NewReplacer("/fluent-bit/plugins/in_o365.so", plugin, "/var/lib/fluent-bit", filepath.Join(dir, "state"))
	for _, path := range append(files(t), "plugins.conf") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(here.Replace(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	paths := files(t)
	for name, text := range snippets(t) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(here.Replace(text)), 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, name)
	}
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			run := exec.CommandContext(t.Context(), fluentBit, "--dry-run", "-c", filepath.Join(dir, path))
			run.Dir = dir
			run.Env = os.Environ()
			for _, v := range variables(t, filepath.Join(dir, path)) {
				run.Env = append(run.Env, v+"="+valueOf(v))
			}
			out, err := run.CombinedOutput()
			if crashes := strings.Contains(string(out), "caught signal (SIGSEGV)"); crashes && strings.HasPrefix(path, "azure_blob.") {
				err = nil // of this output, after the check: github.com/fluent/fluent-bit/issues/12113
			}
			if err != nil || strings.Contains(string(out), "[error]") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func fluentBitPath(t *testing.T) string {
	t.Helper()
	found, err := rig.FindFluentBit()
	if err != nil {
		t.Fatal(err)
	}
	if found.Path == "" {
		t.Skip(rig.NoFluentBit)
	}
	return found.Path
}
