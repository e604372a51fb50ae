package identity

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// An applicant asks the login service for tokens. Its callers ask one at a
// time.
type applicant struct {
	settings Settings
	method   Method
	chosen   bool // the method is auto's choice
	scope    string
	probed   bool // the machine has a metadata endpoint

	works atomic.Pointer[proof] // what was accepted last
}

// acquire gets a new token from the login service, with what the files hold
// now and, if that cannot be used, with what worked last.
func (a *applicant) acquire(ctx context.Context) (azcore.AccessToken, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errPatience)
	defer cancel()
	p, err := a.read()
	if err == nil {
		var token azcore.AccessToken
		if token, err = a.ask(ctx, p); err == nil {
			a.works.Store(&p)
			a.settings.makeshift()(nil)
			return token, nil
		}
	} else {
		err = &Error{Message: err.Error(), Err: err, configuration: true}
	}
	old := a.works.Load()
	var refused *Error
	if bytes.Equal(p.raw, old.raw) || !errors.As(err, &refused) || !refused.configuration {
		return azcore.AccessToken{}, err
	}
	token, again := a.ask(ctx, *old)
	if again != nil {
		return azcore.AccessToken{}, err
	}
	a.settings.makeshift()(besides("the login works only with an older credential", "login works only with what "+p.from+" held before", err))
	return token, nil
}

// ask sends one request for a token. Every request has a credential of its
// own: those of azidentity keep tokens, and cannot be told to forget one.
func (a *applicant) ask(ctx context.Context, p proof) (azcore.AccessToken, error) {
	seen := &witness{}
	if a.method == ManagedIdentity && !a.probed {
		if err := a.probe(ctx, seen); err != nil {
			return azcore.AccessToken{}, err
		}
		a.probed = true
	}
	credential, err := a.credential(p, seen)
	if err != nil {
		return azcore.AccessToken{}, a.explain(ctx, err, p, seen)
	}
	options := policy.TokenRequestOptions{Scopes: []string{a.scope}}
	if a.method == ManagedIdentity {
		// MSAL keeps these tokens for the whole process; claims, which are not
		// sent, make it ask again (managedidentity.Client.AcquireToken).
		options.Claims = "{}"
	}
	token, err := credential.GetToken(ctx, options)
	if err == nil && token.Token == "" {
		err = errors.New("answer without a token")
	}
	if err != nil {
		return azcore.AccessToken{}, a.explain(ctx, err, p, seen)
	}
	return token, nil
}

// credential makes what azidentity offers for the method. It does not use the
// network.
func (a *applicant) credential(p proof, seen *witness) (azcore.TokenCredential, error) {
	s, options := a.settings, a.options(seen)
	switch a.method {
	case ClientSecret:
		return azidentity.NewClientSecretCredential(s.TenantID, s.ClientID, p.secret, &azidentity.ClientSecretCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: s.CustomAuthority,
		})
	case Certificate:
		return azidentity.NewClientCertificateCredential(s.TenantID, s.ClientID, p.certificates, p.key, &azidentity.ClientCertificateCredentialOptions{
			ClientOptions: options, DisableInstanceDiscovery: s.CustomAuthority,
			// A chain in the file says that the app trusts its issuer, not the certificate.
			SendCertificateChain: len(p.certificates) > 1,
		})
	case WorkloadIdentity:
		assertion := func(context.Context) (string, error) { return p.assertion, nil }
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

func (a *applicant) options(seen *witness) azcore.ClientOptions {
	o := azcore.ClientOptions{
		// The caller tries again by itself, so one quick retry is enough.
		Retry:     policy.RetryOptions{MaxRetries: 1, RetryDelay: 500 * time.Millisecond, MaxRetryDelay: 5 * time.Second, TryTimeout: 30 * time.Second},
		Telemetry: policy.TelemetryOptions{ApplicationID: "fluent-bit-o365"},
	}
	o.Cloud = cloud.Configuration{ActiveDirectoryAuthorityHost: orDefault(a.settings.AuthorityHost)}
	o.Transport = a.settings.HTTP
	if seen != nil {
		o.PerRetryPolicies = []policy.Policy{seen}
	}
	return o
}

// A witness remembers how the last HTTP request went, because azidentity keeps
// the text of a network error and loses the error itself.
type witness struct {
	host   string
	err    error
	status int
	body   []byte // of an answer that is not 2xx
}

// Do is a step of azcore's pipeline, below the retries.
func (w *witness) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	*w = witness{host: req.Raw().URL.Host, err: err}
	if err == nil {
		w.status = resp.StatusCode
		if w.status < 200 || w.status > 299 {
			w.body, _ = runtime.Payload(resp) // the pipeline has read it already
		}
	}
	return resp, err
}
