package identity

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// A requester requests tokens from the login service, one at a time.
type requester struct {
	settings Settings
	method   Method
	chosen   bool // the method was chosen by auto
	scope    string
	probed   bool // the machine has a metadata endpoint
	answered bool // a login has succeeded

	vault   *keyVault // where the credential is, nil if it is not in Key Vault
	purpose *purpose  // nil for the login of the audited tenant

	retryPause time.Duration // before the one retry of a request

	accepted atomic.Pointer[credential] // the last one that the login service accepted
}

// acquire gets a new token from the login service, with the credential that the
// files or Key Vault hold now or, if that cannot be used, with the last one that was
// accepted.
func (r *requester) acquire(ctx context.Context) (azcore.AccessToken, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, loginTimeout, errLoginTimeout)
	defer cancel()
	c, token, err := r.attempt(ctx)
	if r.vault.outdated(err) {
		c, token, err = r.attempt(ctx)
	}
	if err == nil {
		r.accepted.Store(&c)
		r.answered = true
		r.settings.onFallback()(r.vault.trouble())
		return token, nil
	}
	err = r.purpose.explain(err)
	old := r.accepted.Load()
	var refused *Error
	if old == nil || bytes.Equal(c.raw, old.raw) || !errors.As(err, &refused) || !refused.configuration {
		return azcore.AccessToken{}, err
	}
	token, again := r.request(ctx, *old)
	if again != nil {
		return azcore.AccessToken{}, err
	}
	r.settings.onFallback()(fallbackError("the login works only with an older credential", "login works only with what "+c.from+" held before", err))
	return token, nil
}

// attempt logs in once, with the credential of now.
func (r *requester) attempt(ctx context.Context) (credential, azcore.AccessToken, error) {
	c, err := r.read(ctx)
	if err != nil {
		var explained *Error
		if !errors.As(err, &explained) && ctx.Err() == nil {
			e := &Error{Message: err.Error(), Err: err, configuration: true}
			if r.vault != nil {
				e.Plain, e.Remedy = "what Key Vault gives can't be used", "check what is stored there, and "+r.vault.key
			}
			err = e
		}
		return c, azcore.AccessToken{}, err
	}
	token, err := r.request(ctx, c)
	return c, token, err
}

// request sends one request for a token. Every request has an azidentity
// credential of its own: these cache tokens, and offer no way to drop one.
func (r *requester) request(ctx context.Context, c credential) (azcore.AccessToken, error) {
	last := &recorder{}
	if r.method == ManagedIdentity && !r.probed {
		if err := r.probe(ctx, last); err != nil {
			return azcore.AccessToken{}, err
		}
		r.probed = true
	}
	azure, err := r.azureCredential(c, last)
	if err != nil {
		return azcore.AccessToken{}, r.explain(ctx, err, c, last)
	}
	options := policy.TokenRequestOptions{Scopes: []string{r.scope}}
	if r.method == ManagedIdentity {
		// MSAL caches these tokens for the whole process. Claims, which are not
		// sent, bypass its cache (managedidentity.Client.AcquireToken).
		options.Claims = "{}"
	}
	token, err := azure.GetToken(ctx, options)
	if err == nil && token.Token == "" {
		err = errors.New("answer without a token")
	}
	if err != nil {
		return azcore.AccessToken{}, r.explainChoice(r.explain(ctx, err, c, last))
	}
	return token, nil
}

// azureCredential makes the credential of azidentity for the method. It does not
// use the network.
func (r *requester) azureCredential(c credential, last *recorder) (azcore.TokenCredential, error) {
	s, options := r.settings, r.options(last)
	switch r.method {
	case ClientSecret:
		return azidentity.NewClientSecretCredential(s.TenantID, s.ClientID, c.secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: s.CustomAuthority,
		})
	case Certificate:
		return azidentity.NewClientCertificateCredential(s.TenantID, s.ClientID, c.certificates, c.key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: s.CustomAuthority,
			// A chain in the file says that the app trusts its issuer, not the certificate.
			SendCertificateChain: len(c.certificates) > 1,
		})
	case WorkloadIdentity:
		assertion := func(context.Context) (string, error) { return c.assertion, nil }
		return azidentity.NewClientAssertionCredential(s.TenantID, s.client(), assertion, &azidentity.ClientAssertionCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: s.CustomAuthority,
		})
	case ManagedIdentity:
		o := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: options}
		if s.ClientID != "" {
			o.ID = azidentity.ClientID(s.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(o)
	default:
		return azidentity.NewAzureCLICredential(&azidentity.AzureCLICredentialOptions{TenantID: s.TenantID})
	}
}

func (r *requester) options(last *recorder) azcore.ClientOptions {
	var policies []policy.Policy
	if last != nil {
		policies = []policy.Policy{last}
	}
	o := clientOptions(r.settings.HTTP, r.retryPause, policies...)
	o.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: orDefault(r.settings.AuthorityHost)}
	return o
}

// clientOptions are those of a client of Microsoft's library.
func clientOptions(client *http.Client, pause time.Duration, policies ...policy.Policy) azcore.ClientOptions {
	return azcore.ClientOptions{
		// The caller retries, so one quick retry is enough here.
		Retry:            policy.RetryOptions{MaxRetries: 1, RetryDelay: pause, MaxRetryDelay: 5 * time.Second, TryTimeout: 30 * time.Second},
		Telemetry:        policy.TelemetryOptions{ApplicationID: "fluent-bit-o365"},
		Transport:        client,
		PerRetryPolicies: policies,
	}
}

// A recorder keeps the outcome of the last HTTP request, because azidentity keeps
// the text of a network error and drops the error itself.
type recorder struct {
	host     string
	document document
	err      error
	status   int
	body     []byte // without a byte order mark
	// The proxy of the answer, without credentials, and where it is set; "" if none.
	proxy, proxySet string
}

// Do implements [policy.Policy]: it is called for each attempt of a request.
func (w *recorder) Do(req *policy.Request) (*http.Response, error) {
	ctx, explain := transport.Follow(req.Raw().Context())
	resp, err := req.WithContext(ctx).Next()
	asked := req.Raw().URL
	*w = recorder{host: asked.Host, document: documentAt(asked.Path), err: explain(err)}
	if err != nil {
		return resp, err
	}
	w.status = resp.StatusCode
	w.proxy, w.proxySet = transport.ProxyOf(resp)
	body, _ := runtime.Payload(resp) // the pipeline has read it already
	if w.body = bytes.TrimPrefix(body, byteOrderMark); len(w.body) < len(body) {
		resp.Body = io.NopCloser(bytes.NewReader(w.body))
		resp.ContentLength = int64(len(w.body))
	}
	return resp, nil
}

// byteOrderMark is that of UTF-8. It may stand before a text, and is not part of it
// (RFC 8259, section 8.1).
var byteOrderMark = []byte("\ufeff")

func documentAt(path string) document {
	switch {
	case strings.HasSuffix(path, "/.well-known/openid-configuration"):
		return configurationDocument
	case strings.HasSuffix(path, "/discovery/instance"):
		return instanceDocument
	default:
		return tokenDocument
	}
}
