package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

var logins = map[string]Options{
	"key":      {SharedKey: emulatorKey},
	"SAS":      {SAS: func() (option.Secret, error) { return "sv=1&se=2999-01-01&sig=topsecret", nil }},
	"identity": {},
}

// said is what a store makes of an answer.
func said(t *testing.T, login string, status int, code bloberror.Code) error {
	t.Helper()
	a := &azure{login: login, sas: logins[login].SAS, place: place{account: "acct", container: "audit", host: "acct.blob.core.windows.net"}}
	recorder := httptest.NewRecorder()
	recorder.Header().Set("X-Ms-Request-Id", "4711")
	recorder.WriteHeader(status)
	return a.explain(t.Context(), &azcore.ResponseError{StatusCode: status, ErrorCode: string(code), RawResponse: recorder.Result()})
}

func TestAzureErrors(t *testing.T) {
	const giveRole = "give it the role Storage Blob Data Contributor on the container audit; that takes up to ten minutes"
	const allow = "allow this network under Networking of the account, or use a private endpoint"
	for _, test := range []struct {
		login    string
		status   int
		code     bloberror.Code
		what, do string
	}{
		{"key", 403, bloberror.AuthenticationFailed, "the key is not one of the account acct", "take one of the keys of acct under Access keys in the portal, and see that this machine's clock is right"},
		{"SAS", 403, bloberror.AuthenticationFailed, "the SAS has expired, is not valid yet, or its key was rotated", newSAS},
		{"identity", 401, bloberror.InvalidAuthenticationInfo, "the account acct does not take this login", "log in to the tenant that the account belongs to"},
		{"identity", 403, bloberror.AuthorizationPermissionMismatch, "the identity has no role that lets it do that in the container audit", giveRole},
		{"SAS", 403, bloberror.AuthorizationPermissionMismatch, "the SAS lacks a permission", newSAS},
		{"key", 403, bloberror.AuthorizationFailure, "the firewall of the account acct refuses this network", allow},
		{"identity", 403, bloberror.AuthorizationFailure, "the firewall of the account acct refuses this network, or the login lacks a role", allow + "; else " + giveRole},
		{"key", 403, "KeyBasedAuthenticationNotPermitted", "the account acct takes neither keys nor a SAS of one", "log in with an identity, or allow storage account key access under Configuration of the account"},
		{"key", 404, bloberror.ContainerNotFound, "the account acct has no container audit", "create it, or see to the URL"},
		{"key", 409, bloberror.BlobImmutableDueToPolicy, "an immutability policy or a legal hold keeps an object as it is", "leave it there for an archive; what is written again needs a container without"},
		{"key", 409, bloberror.BlobArchived, "an object is in the archive tier, where it can't be read", "change its tier to Hot or Cool and wait for some hours"},
		{"key", 412, bloberror.LeaseIDMissing, "somebody has leased an object of the container audit", "break that lease in the portal"},
		{"key", 503, bloberror.ServerBusy, "the account acct is busy", ""},
		{"key", 429, "", "the account acct is busy or out of order", ""},
		{"key", 400, bloberror.InvalidResourceName, "the account acct does not take the name of the container or of an object", "see to the URL's container and prefix"},
		{"key", 400, bloberror.InvalidHeaderValue, "the account acct refuses a header", "start Azurite, if it is that, with --skipApiVersionCheck, or update it; else report this as a bug"},
		{"key", 407, "", "the proxy wants a login", "see to its user and password"},
		{"key", 418, "Teapot", "the account acct refuses a request", "report this as a bug"},
		{"key", 403, "Unheard", "the account acct refuses this login, or the network that it comes from", "see to its role, and to Networking of the account"},
		{"key", 302, "", "acct.blob.core.windows.net sends its clients elsewhere, which Azure never does", "see whether acct.blob.core.windows.net is a proxy or a portal to log in"},
	} {
		err := said(t, test.login, test.status, test.code)
		var got *Error
		if !errors.As(err, &got) || got.What != test.what || got.Do != test.do {
			t.Errorf("%s, %d %s:\n got %v; %+v\nwant %s; %s", test.login, test.status, test.code, err, got, test.what, test.do)
			continue
		}
		want := fmt.Sprintf("HTTP %d %s", test.status, test.code)
		if cause := got.Err.Error(); cause != strings.TrimSpace(want)+", request 4711" {
			t.Errorf("cause %q", cause)
		}
	}
	for code := range answers {
		for login := range logins {
			var got *Error
			err := said(t, login, 400, code)
			if errors.As(err, &got); got == nil || got.What == "" || strings.ContainsAny(got.What[:1], "ABCDEFGH") {
				t.Errorf("%s, %s: %v", login, code, err)
			}
		}
	}
	for code, want := range map[bloberror.Code]error{
		bloberror.BlobNotFound: ErrNotFound, bloberror.BlobAlreadyExists: ErrExists, bloberror.ConditionNotMet: ErrChanged,
	} {
		wants(t, string(code), said(t, "key", 400, code), want)
	}
}

// TestAzureSecrets has no secret in an error, whatever the service and the network say.
func TestAzureSecrets(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		all := r.Header.Get("Authorization") + " " + r.URL.RawQuery
		w.Header().Set("X-Ms-Error-Code", "AuthenticationFailed")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>AuthenticationFailed</Code><AuthenticationErrorDetail>%s</AuthenticationErrorDetail></Error>", strings.ReplaceAll(all, "&", "&amp;"))
	}))
	defer echo.Close()
	closed := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	closed.Close()
	for _, host := range []string{strings.TrimPrefix(echo.URL, "http://"), closed.Addr().String()} {
		for login, o := range logins {
			if login == "identity" {
				continue
			}
			o.HTTP = http.DefaultClient
			store := openAzure(t, "http://"+host+"/acct/audit", o)
			for _, op := range operations(t) {
				err := op.run(t, store, "1")
				for e := err; e != nil; e = errors.Unwrap(e) {
					for _, form := range []string{"%v", "%+v", "%#v"} {
						text := fmt.Sprintf(form, e)
						for _, secret := range []string{"topsecret", "sig=", "SharedKey", "Eby8vdM02"} {
							if strings.Contains(text, secret) {
								t.Errorf("%s of %s: %s", op.name, login, text)
							}
						}
					}
				}
				explains(t, err, "topsecret", "")
			}
		}
	}
}

// TestAzureSilent has an explanation for a service that says nothing, and the context's
// error for a caller who has waited enough.
func TestAzureSilent(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	o := Options{HTTP: http.DefaultClient, SharedKey: emulatorKey}
	retry := quick
	retry.TryTimeout = 50 * time.Millisecond
	a := must(newAzure(must(parse(silent.URL+"/acct/audit"))(t), o, retry))(t)
	_, err := a.Stat(t.Context(), "a")
	explains(t, err, "", "no answer from "+a.host+" within 50ms")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for _, call := range []func() error{
		func() error { _, err := a.Stat(ctx, "a"); return err },
		func() error { _, _, err := a.Get(ctx, "a"); return err },
		func() error { _, err := a.Put(ctx, "a", nil, nil, ""); return err },
		func() error { return a.Delete(ctx, "a") },
		func() error { _, err := a.Lease(ctx, "a", minTerm); return err },
	} {
		wants(t, "call", call(), context.DeadlineExceeded)
	}
}

// TestAzureThrottled gives up at once where the service asks for a longer pause than the
// SDK would make, and says so.
func TestAzureThrottled(t *testing.T) {
	requests := 0
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		w.Header().Set("Retry-After", "90")
		w.Header().Set("X-Ms-Error-Code", "ServerBusy")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	store := openAzure(t, busy.URL+"/acct/audit", Options{HTTP: http.DefaultClient, SharedKey: emulatorKey})
	_, err := store.Stat(t.Context(), "a")
	explains(t, err, "", "the account acct is busy: HTTP 503 ServerBusy; it asks to wait for 90")
	if requests != 1 {
		t.Errorf("%d requests", requests)
	}
}
