package identity

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// cliScript puts a made-up az on PATH.
func cliScript(t *testing.T, script string) string {
	t.Helper()
	folder := t.TempDir()
	replace(t, filepath.Join(folder, "az"), []byte("#!/bin/sh\n"+script))
	if err := os.Chmod(filepath.Join(folder, "az"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder+":/usr/bin:/bin")
	return folder
}

func TestAzureCLI(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	token, err := d.Issue(tenantID, clientID, audience)
	if err != nil {
		t.Fatal(err)
	}
	folder := cliScript(t, `echo "$@" > "$(dirname "$0")/arguments"
cat <<END
{"accessToken": "`+token+`", "expiresOn": "2096-01-02 03:04:05.000000", "expires_on": 3976671845, "tokenType": "Bearer"}
END
`)
	s := complete()
	s.Method, s.ClientID = AzureCLI, ""
	source := open(t, s)
	d.check(t, source)
	if source.Expiry().Unix() != 3976671845 {
		t.Errorf("Expiry = %v", source.Expiry())
	}
	arguments, err := os.ReadFile(filepath.Join(folder, "arguments"))
	if want := "account get-access-token -o json --resource " + audience + " --tenant " + tenantID + "\n"; err != nil || string(arguments) != want {
		t.Errorf("az %q, %v", arguments, err)
	}
}

func TestAzureCLIRefused(t *testing.T) {
	tests := []struct {
		name, script, want string
		configuration      bool
	}{
		{"not there", "exit 127", "the command az is not on PATH (install the Azure CLI, or choose another auth)", true},
		{"not logged in", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
			"Please run 'az login' to setup account (run az login as the user that Fluent Bit runs as)", true},
		{"refused", `printf 'ERROR: AADSTS500011: The resource principal named x was not found in the tenant named y. This\nTrace ID: 1\n' >&2; exit 1`,
			"AADSTS500011: The resource principal named x was not found in the tenant named y (" + meanings[500011].remedy + ")", true},
		{"network", `printf 'ERROR: HTTPSConnectionPool: Max retries\nexceeded\n' >&2; exit 1`,
			"HTTPSConnectionPool: Max retries exceeded", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cliScript(t, tt.script)
			s := complete()
			s.Method = AzureCLI
			if e := fail(t, s); e.Error() != tt.want || e.Configuration() != tt.configuration {
				t.Errorf("error %v\n%s\nwant\n%s", e.Configuration(), e, tt.want)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		cliScript(t, "exec sleep 60")
		s := complete()
		s.Method = AzureCLI
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begun := time.Now()
		if _, err := open(t, s).Token(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
