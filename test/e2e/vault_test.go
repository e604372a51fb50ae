package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// The client secret is in a Key Vault, which is away at the start, and then has another
// one. Neither needs a restart, and neither value is logged.
func TestVault(t *testing.T) {
	t.Parallel()
	inEachAtOnce(t, func(t *testing.T, p program) {
		s := newService(t, api.Options{Seed: 43, Blobs: 3, Records: 10})
		v, err := s.OpenVault()
		must(t, err)
		t.Cleanup(v.Close)
		v.SetDown(http.StatusServiceUnavailable)

		pipe := newPipeline(t, p, s)
		pipe.inputs[0] = pipe.inputs[0].With(v.Settings)
		delete(pipe.inputs[0], "client_secret")
		for name, value := range v.Environment {
			pipe.environ = append(pipe.environ, name+"="+value)
		}
		pipe.start()
		pipe.await("a line about the vault", func() bool {
			return strings.Contains(pipe.process.Log(), "the Key Vault can't be read: nothing to do unless it lasts")
		})
		v.SetDown(0)
		pipe.complete()

		const next = "rotated~secret~of~the~app"
		s.Login.SetSecret(rig.ClientID, next)
		v.Rotate(next)
		asked := v.Requests()
		s.Login.RevokeAll()
		pipe.await("a login with the new secret", func() bool { return v.Requests() > asked })
		pipe.finish(0)
		for _, secret := range []string{rig.ClientSecret, next} {
			if strings.Contains(pipe.log.String(), secret) {
				t.Errorf("the log has a secret; %s", pipe.process.LogTail())
			}
		}
	})
}
