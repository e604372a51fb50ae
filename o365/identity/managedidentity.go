package identity

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
)

const (
	metadataEndpoint = "http://169.254.169.254/metadata/identity/oauth2/token"
	probeTimeout     = 2 * time.Second
)

// probe checks quickly whether the machine has a metadata endpoint: where there
// is none, connecting to it may hang. Any answer is enough. The other kinds of
// endpoint are announced in the environment and need no probe.
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
func (r *requester) probe(ctx context.Context, last *recorder) error {
	if kind, err := managedidentity.GetSource(); err != nil || kind != managedidentity.DefaultToIMDS {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, http.MethodGet, metadataEndpoint, nil)
	if err != nil {
		return err
	}
	resp, err := r.settings.HTTP.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection can be reused
		return resp.Body.Close()
	}
	if ctx.Err() != nil {
		return r.explain(ctx, err, credential{}, last)
	}
	e := &Error{
		Message: "no managed identity endpoint answers at 169.254.169.254",
		Remedy:  "run where Azure provides a managed identity, or choose another auth",
		Err:     err,

		noEndpoint: true,
	}
	if errors.Is(err, context.DeadlineExceeded) {
		e.Err = context.DeadlineExceeded
	}
	if r.chosen {
		e.Remedy = "auth is auto and no secret or certificate is set, or a variable in it is empty: set client_secret, client_secret_file or certificate_file, or run where Azure provides a workload or managed identity"
		e.configuration = true
	}
	return e
}
