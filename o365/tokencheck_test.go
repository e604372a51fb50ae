package o365

import (
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// A managed identity that was chosen because nothing else is set, and that lacks the
// permission, may be a variable that is empty: the line asks that first.
func TestManagedIdentityWithoutPermission(t *testing.T) {
	const doubt = "a managed identity was used, since auth is auto and no secret or certificate is set, or a variable in it is empty: " +
		"set client_secret, client_secret_file or certificate_file, unless the managed identity is meant; else run "
	for _, tt := range []struct {
		auth    string
		doubted bool
	}{{"auto", true}, {"managed_identity", false}} {
		t.Run(tt.auth, func(t *testing.T) {
			r := newRig(t, api.Options{Blobs: 1, Records: 1, Types: []string{api.Exchange}})
			r.login.AddIdentity(login.Identity{TenantID: api.DefaultTenant, ClientID: clientID, Roles: []string{}})
			t.Setenv("IDENTITY_ENDPOINT", r.options["endpoint"]+login.AppServicePath)
			t.Setenv("IDENTITY_HEADER", r.login.IdentityHeader())
			r.options["content_types"], r.options["auth"], r.options["client_secret"] = api.Exchange, tt.auth, ""
			in := r.open()
			defer in.Close()
			r.listen(in, 15*time.Second, "may not read")
			r.listen(in, 3*time.Second, "")
			said := r.log.text()
			if strings.Count(said, "ActivityFeed.Read is missing") != 1 || strings.Contains(said, doubt) != tt.doubted || strings.Contains(said, "a managed identity was used") != tt.doubted {
				t.Errorf("the log says\n%s", said)
			}
		})
	}
}
