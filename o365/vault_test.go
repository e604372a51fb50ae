package o365

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	testrig "github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

// newVaultRig is a rig whose secret is in Key Vault, behind a proxy.
func newVaultRig(t *testing.T, opt api.Options) (*rig, *server.Vault) {
	t.Helper()
	service, err := testrig.StartService(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Down)
	v, err := service.OpenVault()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	for _, name := range []string{"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_AUTHORITY_HOST"} {
		t.Setenv(name, "")
	}
	for name, value := range v.Environment {
		t.Setenv(name, value)
	}
	r := &rig{
		t: t, cloud: service.Service, login: service.Login, options: service.Options(),
		planned: len(api.ContentTypes()) * opt.Blobs * opt.Records,
	}
	maps.Copy(r.options, v.Settings)
	return r, v
}

// awaitLog waits until the log has a text.
func (r *rig) awaitLog(text string) {
	r.t.Helper()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(r.log.text(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("the log lacks %q:\n%s", text, r.log.text())
		}
	}
}

// With the vault away, the input starts, says so and waits.
func TestVaultAway(t *testing.T) {
	r, v := newVaultRig(t, api.Options{Seed: 41, Blobs: 2, Records: 5})
	v.SetDown(http.StatusServiceUnavailable)
	in := r.open()
	defer in.Close()
	r.awaitLog("nothing is collected: the Key Vault can't be read: nothing to do unless it lasts: it is tried again")
	v.SetDown(0)
	r.take(in, r.all)
	r.check()
	if text := r.log.text(); strings.Contains(text, testrig.ClientSecret) {
		t.Errorf("the log has the secret:\n%s", text)
	}
}

// What must be changed in the vault is one line, and no reason to end.
func TestVaultRefuses(t *testing.T) {
	r, v := newVaultRig(t, api.Options{Seed: 42, Blobs: 1, Records: 1})
	v.Deny()
	in := r.open()
	defer in.Close()
	r.awaitLog("nothing is collected: the identity of this machine is not allowed to read secrets of the Key Vault: give it the role Key Vault Secrets User in the vault")
	if n := strings.Count(r.log.text(), "Key Vault Secrets User"); n != 1 {
		t.Errorf("%d lines about it:\n%s", n, r.log.text())
	}
}
