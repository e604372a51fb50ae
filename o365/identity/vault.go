package identity

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// vaultInterval is how long a value from Key Vault is used for renewals, unless the
// login service refuses it.
const vaultInterval = 5 * time.Minute

// vaultTimeout bounds one reading, so that a login has time left for what was read
// before.
const vaultTimeout = 20 * time.Second

var errVaultTimeout = errors.New("the time for Key Vault is over")

// A keyVault is a secret in Key Vault, which has a client secret, or a certificate with
// its key. It is not safe for concurrent use, as is a [requester].
type keyVault struct {
	key    string // option
	uri    string
	name   azsecrets.ID
	base   string // URL of the vault
	reader *machine

	http       *http.Client
	secrets    *sanitize.Redactor
	now        func() time.Time
	retryPause time.Duration

	kept    credential // what was read last
	readAt  time.Time  // when, zero if kept is not to be used any more
	asked   bool       // the last call of read asked the vault
	problem *Error     // why the last call of read returned what was kept
}

// vaultURI returns the option and the identifier of the method's credential in Key
// Vault, "" if it is elsewhere.
func (s Settings) vaultURI(m Method) (key, uri string) {
	switch m {
	case ClientSecret:
		return option.ClientSecretURI, s.ClientSecretURI
	case Certificate:
		return option.CertificateURI, s.CertificateURI
	default:
		return "", ""
	}
}

func newVault(key, uri string, s Settings) (*keyVault, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%s %q: want the URL of a Key Vault secret", key, uri)
	}
	_, domain, _ := strings.Cut(u.Host, ".")
	reader, err := newMachineIdentity(s, domain)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	guard := transport.Guard{MaxBody: maxAnswerBytes, Origins: []transport.Origin{transport.OriginOf(u)}}
	return &keyVault{
		key: key, uri: uri, name: azsecrets.ID(uri), base: "https://" + u.Host, reader: reader,
		http: guard.Client(s.HTTP), secrets: s.Secrets, now: time.Now, retryPause: retryPause,
	}, nil
}

// read returns the secret: what was read a short while ago, or while the vault gives
// none, what it gave last.
func (v *keyVault) read(ctx context.Context) (credential, error) {
	refused := v.readAt.IsZero()
	v.asked = refused || v.now().Sub(v.readAt) >= vaultInterval
	if !v.asked {
		return v.kept, nil
	}
	c, err := v.request(ctx)
	switch {
	case err == nil:
		v.kept, v.readAt, v.problem = c, v.now(), nil
		return c, nil
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errLoginTimeout):
		return v.kept, cancelled(ctx)
	case refused:
		return v.kept, err
	}
	v.problem = fallbackError("the Key Vault can't be read; the credential that it gave before is used", v.key+" can't be read again", err)
	return v.kept, nil
}

// outdated reports whether another attempt with what is in the vault now may end
// better than one that failed with err.
func (v *keyVault) outdated(err error) bool {
	var e *Error
	if v == nil || v.readAt.IsZero() || !errors.As(err, &e) || !e.configuration {
		return false
	}
	v.readAt = time.Time{} // the next login asks, whatever comes now
	return !v.asked || v.problem != nil
}

// trouble returns why the credential in use is not the one in the vault.
func (v *keyVault) trouble() error {
	if v == nil || v.problem == nil {
		return nil
	}
	return v.problem
}

// request asks Key Vault.
func (v *keyVault) request(ctx context.Context) (credential, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, vaultTimeout, errVaultTimeout)
	defer cancel()
	c := credential{from: fmt.Sprintf("%s %q", v.key, v.uri)}
	last := &recorder{}
	options := &azsecrets.ClientOptions{ClientOptions: clientOptions(v.http, v.retryPause, challengeCheck{}, last)}
	client, err := azsecrets.NewClient(v.base, v.reader, options)
	if err != nil {
		return c, err
	}
	answer, err := client.GetSecret(ctx, v.name.Name(), v.name.Version(), nil)
	if err != nil {
		return c, v.explain(ctx, err, last)
	}
	if answer.Value == nil || strings.TrimSpace(*answer.Value) == "" {
		return c, fmt.Errorf("%s: %w", c.from, errBlank)
	}
	if kind := answer.ContentType; v.key == option.ClientSecretURI && kind != nil && isCertificate(*kind) {
		return c, fmt.Errorf("%s: %w", c.from, errIsCertificate)
	}
	c.raw, c.note = bytes.TrimPrefix([]byte(*answer.Value), byteOrderMark), v.note(answer.Attributes)
	return c, nil
}

// Mistakes in what a vault has under a name.
var (
	errIsCertificate = errors.New("is a certificate: name it in " + option.CertificateURI)
	errNotExportable = errors.New("has no private key: the certificate in Key Vault must have an exportable one")
)

// isCertificate knows the content types that Key Vault gives the secret of a
// certificate.
// https://learn.microsoft.com/azure/key-vault/certificates/about-certificates#exportable-or-non-exportable-key
func isCertificate(contentType string) bool {
	return strings.EqualFold(contentType, "application/x-pkcs12") || strings.EqualFold(contentType, "application/x-pem-file")
}

// note says that a secret is used outside of its time. Key Vault gives it all the same
// (https://learn.microsoft.com/azure/key-vault/secrets/about-secrets#date-time-controlled-operations),
// and the login service decides.
func (v *keyVault) note(a *azsecrets.SecretAttributes) string {
	switch now := v.now(); {
	case a == nil:
		return ""
	case a.Expires != nil && now.After(*a.Expires):
		return "by Key Vault it has expired on " + a.Expires.UTC().Format(time.DateOnly) + ": store a new version there"
	case a.NotBefore != nil && now.Before(*a.NotBefore):
		return "by Key Vault it is not valid before " + a.NotBefore.UTC().Format(time.RFC3339)
	default:
		return ""
	}
}

// challengeCheck refuses a challenge that names anything but the https address of a
// tenant at a login service: it is not for azsecrets to take apart.
type challengeCheck struct{}

// tenantAddress is an address such as "https://login.microsoftonline.com/TENANT", in
// quotes or not.
var tenantAddress = regexp.MustCompile(`^"?https://[^/]+/[^/]`)

var errChallenge = errors.New("the challenge names no address of a login service")

// Do implements [policy.Policy].
func (challengeCheck) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	challenge := strings.ReplaceAll(resp.Header.Get("WWW-Authenticate"), "Bearer ", "") // as there
	for part := range strings.SplitSeq(challenge, " ") {
		address, ok := strings.CutPrefix(part, "authorization=")
		if ok && !tenantAddress.MatchString(address) {
			return nil, errChallenge
		}
	}
	return resp, nil
}
