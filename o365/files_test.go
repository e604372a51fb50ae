package o365

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// What an option names, or a variable, is read when the input opens: it must not
// wait for a pipe, read a device without end, or hold a huge file in memory.
func TestFilesOfOptions(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	huge, err := os.Create(at("huge"))
	if err == nil {
		defer huge.Close()
		err = huge.Truncate(1 << 40) // no block of it is used
	}
	if err := errors.Join(err,
		syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink(at("pipe"), at("link to pipe")),
		os.Symlink(at("none"), at("link to none")),
		os.Mkdir(at("folder"), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	for _, option := range []struct {
		key string
		set func(o map[string]string, path string)
	}{
		{"ca_file", func(o map[string]string, path string) { o["ca_file"] = path }},
		{"client_secret_file", func(o map[string]string, path string) { o["client_secret"], o["client_secret_file"] = "", path }},
		{"certificate_file", func(o map[string]string, path string) { o["client_secret"], o["certificate_file"] = "", path }},
		{"AZURE_FEDERATED_TOKEN_FILE", func(o map[string]string, path string) {
			o["client_secret"], o["auth"] = "", "workload_identity"
			t.Setenv("AZURE_FEDERATED_TOKEN_FILE", path)
		}},
		{"smtp_password_file", func(o map[string]string, path string) {
			o["alert_email_to"], o["alert_email_from"], o["smtp_url"], o["smtp_password_file"] = "a@b", "c@d", "smtps://u@h", path
		}},
	} {
		for path, want := range map[string]string{
			at("pipe"):         "is not a regular file",
			at("link to pipe"): "is not a regular file",
			"/dev/zero":        "is not a regular file",
			at("none"):         "no such file or directory",
			at("link to none"): "no such file or directory",
			at("folder"):       "is a directory",
			at("huge"):         "large",
		} {
			t.Run(option.key+", "+filepath.Base(path), func(t *testing.T) {
				r := newRig(t, api.Options{})
				option.set(r.options, path)
				opened := make(chan error, 1)
				go func() {
					config, err := ParseConfig(func(key string) string { return r.options[key] })
					if err == nil {
						var in *Input
						if in, err = Open(config, Host{Log: r.log.add, Shared: NewShared()}); err == nil {
							in.Close()
						}
					}
					opened <- err
				}()
				select {
				case err := <-opened:
					for _, part := range []string{option.key, path, want} {
						if err == nil || !strings.Contains(err.Error(), part) {
							t.Errorf("got %v, want %q in it", err, part)
						}
					}
				case <-time.After(30 * time.Second):
					t.Fatal("it hangs")
				}
			})
		}
	}
}
