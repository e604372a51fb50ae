// Package identity gets and caches the access token of an application, on top
// of Microsoft's azidentity: with a client secret, a certificate, the federated
// token of a workload, the managed identity of the machine, or the login of the
// Azure CLI. Secret and certificate are in the options, in files or in Key Vault.
//
// [New] checks the settings without using the network. [Source.Token] returns a
// valid token; [Source.Reject] drops one that the API refused.
//
// # Rotation
//
// Files with a secret or a certificate are read again for every token request,
// so a rotation needs no restart. While a file cannot be used, because it is
// being written or its content is wrong, the login falls back to what the file
// held before, as long as the login service accepts that. So it is with Key Vault,
// which is asked at the first login, when the login service refuses what it gave, and
// with a renewal.
//
// # Secrets
//
// No error of this package contains a secret, an assertion or a token, and
// every error is one line.
package identity

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Settings are what a [Source] logs in with. Their comments name the options
// that they come from; the errors of [New] name these too.
type Settings struct {
	Method   Method // auth; empty means Auto
	TenantID string // one item of tenant_id
	ClientID string // client_id; of a managed identity the user-assigned one

	ClientSecret        option.Secret // client_secret
	ClientSecretFile    string        // client_secret_file
	ClientSecretURI     string        // client_secret_uri, of a secret in Key Vault
	CertificateFile     string        // certificate_file
	CertificateURI      string        // certificate_uri, of a secret in Key Vault
	CertificatePassword option.Secret // certificate_password

	// AuthorityHost is the https base URL of the login service; empty means
	// that of the enterprise cloud. With CustomAuthority it is not checked
	// against Microsoft's list of login services (instance discovery).
	AuthorityHost   string
	CustomAuthority bool
	// Audience is the base URL of the API that the token is for.
	Audience string

	// HTTP has the proxy, further root certificates and the timeout of a
	// request; nil means the defaults of azcore. Managed identity endpoints
	// are on the machine's own network and are requested without the proxy.
	HTTP *http.Client
	// Secrets redacts what the login service answers. The content of credential
	// files is added to it. Nil means a redactor of the Source's own.
	Secrets *sanitize.Redactor
	// Observe, if set, is called with the result of every login.
	Observe func(err error)
	// OnFallback, if set, is called after each login attempt that leaves a valid
	// token: with an [*Error] if an older credential, or the token from before,
	// had to be used; with nil if the newest credential works.
	OnFallback func(error)
}

func (s Settings) onFallback() func(error) {
	if s.OnFallback == nil {
		return func(error) {}
	}
	return s.OnFallback
}

// New returns a [Source]. Its error is one line about what is wrong with the
// settings or with the files they name. It does not use the network.
func New(settings Settings) (*Source, error) { return newSource(settings, nil) }

func newSource(settings Settings, use *purpose) (*Source, error) {
	method, err := choose(settings)
	if err != nil {
		return nil, use.named(err)
	}
	if settings.Secrets == nil {
		settings.Secrets = sanitize.NewRedactor()
	}
	r := &requester{
		settings: settings,
		method:   method,
		chosen:   settings.Method == "" || settings.Method == Auto,
		scope:    strings.TrimRight(settings.Audience, "/") + "/.default",
		purpose:  use,

		retryPause: retryPause,
	}
	r.settings.HTTP = guarded(method, settings)
	s := &Source{requester: r, acquire: r.acquire, observe: settings.Observe, onFallback: settings.onFallback(), now: time.Now}
	if key, uri := settings.vaultURI(method); uri != "" {
		r.purpose = vaultPurpose
		r.vault, err = newVault(key, uri, settings)
		return s, err
	}
	c, err := r.read(context.Background())
	if err != nil {
		return nil, err
	}
	if _, err = r.azureCredential(c, nil); err != nil {
		return nil, fmt.Errorf("%s %s", use.name(fmt.Sprintf("%s %s:", option.Auth, method)), r.clean(err.Error()))
	}
	r.accepted.Store(&c)
	return s, nil
}
