package storage

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

type policyFunc func(*policy.Request) (*http.Response, error)

func (f policyFunc) Do(r *policy.Request) (*http.Response, error) { return f(r) }

// asStored keeps Go from unpacking objects whose Content-Encoding somebody has set to
// gzip, since sizes and ranges are those of the bytes that are stored.
func asStored(r *policy.Request) (*http.Response, error) {
	r.Raw().Header.Set("Accept-Encoding", "identity")
	return r.Next()
}

// loginError is a login that could not be made. The SDK does not try again.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }
func (e *loginError) NonRetriable() {}

// keyPolicy has the account's key as it is now.
type keyPolicy struct {
	credential *container.SharedKeyCredential
	read       func() (option.Secret, error)
}

func (p keyPolicy) Do(r *policy.Request) (*http.Response, error) {
	key, err := p.read()
	if err != nil {
		return nil, &loginError{err}
	}
	text := strings.TrimSpace(key.Reveal())
	if text == "" {
		return nil, &loginError{errors.New("the account's key is empty")}
	}
	if p.credential.SetAccountKey(text) != nil {
		return nil, &loginError{errors.New("the account's key is not base64, as in the portal under Access keys")}
	}
	return r.Next()
}

// sasPolicy adds the SAS as it is now to a call.
type sasPolicy func() (option.Secret, error)

func (p sasPolicy) Do(r *policy.Request) (*http.Response, error) {
	secret, err := p()
	if err != nil {
		return nil, &loginError{err}
	}
	text := strings.TrimPrefix(strings.TrimSpace(secret.Reveal()), "?")
	if query, err := url.ParseQuery(text); err != nil || query.Get("sig") == "" || strings.ContainsFunc(text, isNoQuery) {
		return nil, &loginError{errors.New("the SAS is not like sv=…&sig=…, as the portal shows it under SAS token")}
	}
	u := r.Raw().URL
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += text
	return r.Next()
}

// expired is when the SAS has expired by this machine's clock, "" if it has not. Azure
// does not tell that from other reasons.
func (p sasPolicy) expired() string {
	secret, err := p()
	if err != nil {
		return ""
	}
	query, _ := url.ParseQuery(strings.TrimPrefix(strings.TrimSpace(secret.Reveal()), "?"))
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04Z", time.DateOnly} {
		if end, err := time.Parse(form, query.Get("se")); err == nil && end.Before(time.Now()) {
			return end.Format(time.RFC3339)
		}
	}
	return ""
}

// isNoQuery finds what can't be in a query.
func isNoQuery(r rune) bool { return r <= ' ' || r > '~' || r == '#' }

// credential marks errors of logins.
type credential struct{ azcore.TokenCredential }

func (c credential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.TokenCredential.GetToken(ctx, o)
	if err != nil && ctx.Err() == nil {
		err = &loginError{err}
	}
	return token, err
}
