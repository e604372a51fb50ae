package storage

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/azurite"
)

// newSASOf makes a SAS for a container.
func newSASOf(t *testing.T, container string, p sas.ContainerPermissions, expires time.Time) option.Secret {
	t.Helper()
	a := openAzure(t, container, Options{HTTP: http.DefaultClient, SharedKey: emulatorKey})
	_, _ = a.Stat(t.Context(), "a") // so that it has its key
	text := must(a.client.GetSASURL(p, expires, nil))(t)
	_, query, _ := strings.Cut(text, "?")
	return option.Secret(query)
}

var allPermissions = sas.ContainerPermissions{Read: true, Create: true, Write: true, Delete: true, List: true}

// TestAzureSAS renews a SAS that has expired, without a new store.
func TestAzureSAS(t *testing.T) {
	server := azuriteServer(t)
	url := newContainer(t, server.URL)
	good := newSASOf(t, url, allPermissions, time.Now().Add(time.Hour))
	now := newSASOf(t, url, allPermissions, time.Now().Add(-time.Minute))
	store := openAzure(t, url, Options{HTTP: server.Client, SAS: func() (option.Secret, error) { return now, nil }})
	explains(t, create(t, store, "a", []byte("x"), nil), now, "the SAS has expired at 20")
	now = "?" + good + "\n"
	wants(t, "commit", create(t, store, "a", []byte("x"), Metadata{"n": "1"}), nil)
	large := make([]byte, 3<<20)
	wants(t, "commit", create(t, store, "b", large, nil), nil)
	wants(t, "commit again", create(t, store, "b", large, nil), ErrExists)
	if content, _ := read(t, store, "a"); string(content) != "x" {
		t.Errorf("%q", content)
	}
	lease := must(store.Lease(t.Context(), "l", minTerm))(t)
	wants(t, "release", lease.Release(t.Context()), nil)

	now = newSASOf(t, url, sas.ContainerPermissions{Read: true, List: true}, time.Now().Add(time.Hour))
	explains(t, create(t, store, "c", nil, nil), now, "the SAS lacks a permission")
	for _, bad := range []option.Secret{"", "sig", "sv=1", "sv=1&sig=a b", "sv=1&sig=x#y", "https://x/y?sig=%zz"} {
		now = bad
		explains(t, create(t, store, "c", nil, nil), "", "the login to the storage account devstoreaccount1 can't be made: the SAS is not like sv=…&sig=…, as the portal shows it under SAS token")
	}
}

// TestAzureKey has its key renewed, and refuses others without showing them.
func TestAzureKey(t *testing.T) {
	server := azuriteServer(t)
	url := newContainer(t, server.URL)
	key, keyErr := option.Secret("d3Jvbmc="), error(nil)
	store := openAzure(t, url, Options{HTTP: server.Client, SharedKey: func() (option.Secret, error) { return key, keyErr }})
	explains(t, create(t, store, "a", nil, nil), key, "") // Azure says AuthenticationFailed, Azurite AuthorizationFailure
	key = azurite.Key + "\n"
	wants(t, "commit", create(t, store, "a", nil, nil), nil)
	key = "no base64!"
	explains(t, create(t, store, "b", nil, nil), key, "the login to the storage account devstoreaccount1 can't be made: the account's key is not base64, as in the portal under Access keys")
	key = ""
	explains(t, create(t, store, "b", nil, nil), "", "the login to the storage account devstoreaccount1 can't be made: the account's key is empty")
	keyErr = errors.New("open /run/key: no such file")
	explains(t, create(t, store, "b", nil, nil), "", "the login to the storage account devstoreaccount1 can't be made: open /run/key: no such file")
	_, err := store.Lease(t.Context(), "l", minTerm)
	explains(t, err, "", "the login to the storage account devstoreaccount1 can't be made: open /run/key: no such file")
}

// TestAzureIdentity logs in with tokens, over TLS.
func TestAzureIdentity(t *testing.T) {
	azuriteServer(t) // or skip
	server, err := azurite.Start(azurite.Options{OAuth: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	store := openAzure(t, server.URL+"/audit", Options{HTTP: server.Client, Credential: azurite.Credential{}})
	explains(t, create(t, store, "a", nil, nil), "", "the account devstoreaccount1 has no container audit")
	must(store.client.Create(t.Context(), nil))(t)
	wants(t, "commit", create(t, store, "a", []byte("x"), nil), nil)
	if content, _ := read(t, store, "a"); string(content) != "x" {
		t.Errorf("%q", content)
	}
}

// explains wants an [*Error] that begins with a text and has no secret in it.
func explains(t *testing.T, err error, secret option.Secret, want string) {
	t.Helper()
	var got *Error
	switch {
	case !errors.As(err, &got):
		t.Errorf("got %v (%T), want %s", err, err, want)
	case !strings.HasPrefix(err.Error(), want):
		t.Errorf("got %v, want %s", err, want)
	}
	if got != nil {
		t.Logf("%s; %s", err, got.Do)
	}
	query, _ := url.ParseQuery(secret.Reveal())
	for _, part := range []string{secret.Reveal(), query.Get("sig"), url.QueryEscape(query.Get("sig"))} {
		if got != nil && part != "" && strings.Contains(err.Error()+got.Do, part) {
			t.Errorf("the secret is in %v; %s", err, got.Do)
		}
	}
}

// TestAzureOneHost asks nobody but the account, whatever it answers.

func TestAzureOneHost(t *testing.T) {
	var mu sync.Mutex
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		elsewhere++
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308, 300} {
		account := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Location", other.URL+r.URL.String())
			w.Header().Set("Content-Location", other.URL)
			w.WriteHeader(status)
		}))
		hosts := map[string]bool{}
		client := &http.Client{Transport: recorder(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			hosts[r.URL.Host] = true
			mu.Unlock()
			return http.DefaultTransport.RoundTrip(r)
		})}
		host := strings.TrimPrefix(account.URL, "http://")
		store := openAzure(t, account.URL+"/acct/audit", Options{HTTP: client, SharedKey: emulatorKey})
		for _, op := range operations(t) {
			version := Version("")
			if op.name == "second put" {
				version = "1"
			}
			explains(t, op.run(t, store, version), "", host+" sends its clients elsewhere, which Azure never does: HTTP 3")
		}
		account.Close()
		if len(hosts) != 1 || !hosts[host] || elsewhere > 0 {
			t.Errorf("asked %v, and %d times elsewhere", hosts, elsewhere)
		}
	}
}

type recorder func(*http.Request) (*http.Response, error)

func (f recorder) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestAzureForeign meets a portal, which has a page for everything.
func TestAzureForeign(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "<html><p>Welcome to the <b>hotel</html>")
	}))
	defer portal.Close()
	store := openAzure(t, portal.URL+"/acct/audit", Options{HTTP: http.DefaultClient, SharedKey: emulatorKey})
	for _, op := range operations(t) {
		explains(t, op.run(t, store, "1"), "", strings.TrimPrefix(portal.URL, "http://")+" does not answer as Azure does")
	}
}
