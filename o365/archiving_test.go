package o365

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// account is a storage account that takes everything, or never answers.
type account struct {
	mu       sync.Mutex
	silent   bool
	requests []*http.Request
}

func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.requests = append(a.requests, r.Clone(r.Context()))
	a.mu.Unlock()
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
	if a.silent {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Etag": {`"1"`}}, Body: http.NoBody, Request: r}, nil
}

// archiving is an assembly that archives in an account.
func archiving(a *account, s identity.StorageSettings, url string) *assembly {
	base := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	base.RegisterProtocol("https", a)
	log := &lines{}
	return &assembly{
		Config: Config{ArchiveURL: url, ArchiveFormat: "json", ArchiveTier: "cool", RequestTimeout: 5 * time.Second, Storage: s},
		host:   Host{Log: log.add}, transport: base, secrets: sanitize.NewRedactor(),
		monitor: health.NewMonitor([]source.Stream{{Tenant: "t", ContentType: noteType.Name}}, nil, log.add, nil),
	}
}

// keepNote archives one note.
func keepNote(t *testing.T, a *assembly) error {
	t.Helper()
	var running sync.WaitGroup
	kept, err := a.openArchive(running.Go)
	if err != nil {
		t.Fatal(err)
	}
	defer running.Wait()
	defer kept.Close()
	set := metrics.New([]string{"t"}, []string{noteType.Name})
	body, err := kept.Source("t", &notes{t: t}, set.Tenant("t")).Open(t.Context(), source.Item{ContentType: noteType.Name, ID: "a", Created: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	_, _ = io.Copy(io.Discard, body)
	return body.(source.Keeper).Keep(1)
}

// Options of an archive get to the requests: the tier, and each login, whose secret is
// redacted.
func TestOptionsOfAnArchive(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte("a key of 32 bytes, as it may be."))
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tt := range map[string]struct {
		settings identity.StorageSettings
		secret   string
		proves   func(r *http.Request) bool
	}{
		"key": {identity.StorageSettings{KeyFile: file(key)}, key, func(r *http.Request) bool { return strings.HasPrefix(r.Header.Get("Authorization"), "SharedKey acc:") }},
		"signature": {identity.StorageSettings{SASFile: file("sv=2024-01-01&se=2030-01-01&sp=rw&sig=a-signature-of-its-own")}, "a-signature-of-its-own",
			func(r *http.Request) bool { return r.URL.Query().Get("sig") == "a-signature-of-its-own" }},
	} {
		t.Run(name, func(t *testing.T) {
			service := &account{}
			a := archiving(service, tt.settings, "https://acc.blob.core.windows.net/con")
			if err := keepNote(t, a); err != nil {
				t.Fatal(err)
			}
			if len(service.requests) != 1 {
				t.Fatalf("%d requests", len(service.requests))
			}
			if r := service.requests[0]; !tt.proves(r) || tierIn(r.Header) != "Cool" {
				t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
			}
			if text := a.secrets.Text("it is "+tt.secret, 200); strings.Contains(text, tt.secret) {
				t.Errorf("the secret passes: %s", text)
			}
		})
	}
}

// The login is that of the account's cloud, whatever the port, and requests end.
func TestRequestsOfAnArchiveEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("a word"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		service := &account{silent: true}
		const guid = "11111111-2222-4333-8444-555555555555"
		a := archiving(service, identity.StorageSettings{Method: identity.ClientSecret, TenantID: guid, ClientID: guid, ClientSecretFile: path}, "")
		store, err := a.openStore("archive_url", "https://acc.blob.core.usgovcloudapi.net:443/con", "")
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := store.Stat(t.Context(), "a"); err == nil || time.Since(begun) > time.Minute {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		for _, r := range service.requests {
			if r.URL.Host != "login.microsoftonline.us" {
				t.Errorf("asked: %s", r.URL.Host)
			}
		}
	})
}

// A URL that cannot be used is said to be that of its option.
func TestURLsOfStores(t *testing.T) {
	a := archiving(&account{}, identity.StorageSettings{}, "file://host/a")
	if _, err := a.openArchive(nil); err == nil || !strings.HasPrefix(err.Error(), "archive_url: the URL ") {
		t.Errorf("%v", err)
	}
	a.ReplayURL = "file://host/a"
	if _, err := a.openReplayed(); err == nil || !strings.HasPrefix(err.Error(), "replay_url: the URL ") {
		t.Errorf("%v", err)
	}
}

// An archive that cannot be written degrades all streams, with a remedy, until it can.
func TestReportOfAnArchive(t *testing.T) {
	a := archiving(&account{}, identity.StorageSettings{}, "")
	a.monitor.Listed(source.Stream{Tenant: "t", ContentType: noteType.Name})
	for n, step := range []struct {
		err   *storage.Error
		state health.State
		do    string
	}{
		{nil, health.OK, ""},
		{&storage.Error{What: "the disk is full", Do: "make room", Err: errors.New("ENOSPC")}, health.Degraded, "make room"},
		{&storage.Error{What: "no answer", Err: errors.New("EOF")}, health.Degraded, "nothing, unless it lasts: records are delivered meanwhile"},
		{nil, health.OK, ""},
	} {
		a.reportArchive(step.err)
		status := a.monitor.Snapshot()[0]
		if status.State != step.state || (step.err == nil) != (len(status.Causes) == 0) {
			t.Fatalf("step %d: %+v", n, status)
		}
		if step.err == nil {
			continue
		}
		if c := status.Causes[0]; c.What != "nothing is archived: "+step.err.What || !strings.HasPrefix(c.Do, step.do) || c.Detail != step.err.Error() {
			t.Errorf("step %d: %+v", n, c)
		}
	}
}

// tierIn returns the access tier that a request asks for. The SDK writes the header's name
// in lower case, past http.Header's own spelling.
func tierIn(h http.Header) string {
	for name, values := range h {
		if strings.EqualFold(name, "x-ms-access-tier") && len(values) == 1 {
			return values[0]
		}
	}
	return ""
}
