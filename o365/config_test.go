package o365

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// TestValues compares the values that an option allows with the list of the
// package that gives them a meaning.
func TestValues(t *testing.T) {
	var clouds, methods, storageMethods, contentTypes []string
	for _, c := range identity.Clouds() {
		clouds = append(clouds, c.Name)
	}
	for _, m := range identity.Methods() {
		methods = append(methods, string(m))
	}
	for _, m := range identity.StorageMethods() {
		storageMethods = append(storageMethods, string(m))
	}
	for _, c := range activity.ContentTypes() {
		contentTypes = append(contentTypes, c.Name)
	}
	known := map[string][]string{option.Cloud: clouds, option.Auth: methods, option.ContentTypes: contentTypes, option.StorageAuth: storageMethods,
		option.ArchiveFormat: {string(archive.JSON), string(archive.NDJSON)}, option.ArchiveTier: storage.Tiers}
	for o := range option.All() {
		want, ok := known[o.Key]
		if got := o.Values(); !slices.Equal(got, want) {
			t.Errorf("%s allows %q, the code has %q", o.Key, got, want)
		}
		if ok {
			delete(known, o.Key)
		}
	}
	for key := range known {
		t.Errorf("%s is not declared", key)
	}
}

// Every option has a value of its own in the configuration.
func TestParseConfig(t *testing.T) {
	const tenants = "11111111-2222-4333-8444-555555555551,11111111-2222-4333-8444-555555555552"
	options := map[string]string{
		option.TenantID: tenants, option.Cloud: "gcc_high", option.Auth: "certificate",
		option.ClientID: "22222222-3333-4444-8555-666666666666", option.ClientSecretFile: "/secret", option.CertificateFile: "/certificate", option.CertificatePassword: "password 1",
		option.ContentTypes: "DLP.All,Audit.General", option.PublisherID: "33333333-3333-4444-8555-666666666666", option.Subscribe: "off",
		option.Lookback: "2d", option.PollInterval: "3m", option.RequestsPerMinute: "4", option.Concurrency: "5", option.RequestTimeout: "6s",
		option.Proxy: "http://u:password2@proxy", option.CAFile: "/ca", option.DB: "/db", option.Dedup: "off", option.DedupWindow: "7h", option.DedupMax: "8000",
		option.TagPrefix: "prefix", option.BatchSize: "9k", option.UnstoredMax: "95k", option.QueueSize: "100k", option.RecordMax: "110k", option.HealthTag: "health",
		option.AlertEmailTo: "a@b,c@d", option.AlertEmailFrom: "e@f", option.AlertAfter: "12m", option.SMTPURL: "smtps://g:password3@h:13",
		option.ArchiveURL: "https://i.blob.core.usgovcloudapi.net/j", option.ArchiveFormat: "ndjson", option.ArchiveTier: "cold",
		option.StorageAuth: "sas", option.StorageTenantID: "44444444-3333-4444-8555-666666666666", option.StorageClientID: "55555555-3333-4444-8555-666666666666", option.StorageSASFile: "/sas",
	}
	config := func(change map[string]string) Config {
		c, err := ParseConfig(func(key string) string {
			if value, ok := change[key]; ok {
				return value
			}
			return options[key]
		})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	cloud, _ := identity.LookupCloud("gcc_high")
	want := Config{
		Tenants: strings.Split(tenants, ","), Endpoint: cloud.Endpoint,
		Login: identity.Settings{
			Method: identity.Certificate, ClientID: options[option.ClientID], ClientSecretFile: "/secret", CertificateFile: "/certificate",
			CertificatePassword: "password 1", AuthorityHost: cloud.Authority, Audience: cloud.Endpoint,
		},
		ContentTypes: []string{"DLP.All", "Audit.General"}, PublisherID: options[option.PublisherID],
		Lookback: 48 * time.Hour, PollInterval: 3 * time.Minute, RequestsPerMinute: 4, Concurrency: 5, RequestTimeout: 6 * time.Second,
		Proxy: "http://u:password2@proxy", CAFile: "/ca", DB: "/db", DedupWindow: 7 * time.Hour, DedupMax: 8000,
		TagPrefix: "prefix", BatchSize: 9000, UnstoredMax: 95_000, QueueSize: 100_000, RecordMax: 110_000, HealthTag: "health",
		Mail: alert.Config{
			To: []string{"a@b", "c@d"}, From: "e@f", After: 12 * time.Minute,
			Server: alert.Server{Host: "h", Port: 13, Security: alert.TLS, User: "g", Password: "password3"},
		},
		ArchiveURL: "https://i.blob.core.usgovcloudapi.net/j", ArchiveFormat: "ndjson", ArchiveTier: "cold",
		Storage: identity.StorageSettings{
			Method: identity.SAS, TenantID: options[option.StorageTenantID], ClientID: options[option.StorageClientID], SASFile: "/sas",
		},
	}
	got := config(nil)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if d := (delivery.Config{TagPrefix: "prefix", HealthTag: "health", BatchSize: 9000, UnstoredMax: 95_000, QueueSize: 100_000, RecordMax: 110_000, Downloads: 6}); !reflect.DeepEqual(got.delivery(), d) {
		t.Errorf("got %+v, want %+v", got.delivery(), d)
	}
	got = config(map[string]string{
		option.Endpoint: "https://api.example", option.AuthorityHost: "https://login.example", option.Subscribe: "on", option.Dedup: "on",
		option.ClientSecretFile: "", option.ClientSecret: "password 4", option.SMTPURL: "smtps://g@h:13", option.SMTPPasswordFile: "/mail",
		option.StorageAuth: "", option.StorageSASFile: "", option.StorageKeyFile: "/key",
	})
	want.Endpoint, want.Subscribe, want.Dedup = "https://api.example", true, true
	want.Login.AuthorityHost, want.Login.CustomAuthority, want.Login.Audience = "https://login.example", true, want.Endpoint
	want.Login.ClientSecretFile, want.Login.ClientSecret = "", "password 4"
	want.Mail.Server.Password, want.Mail.PasswordFile = "", "/mail"
	want.Storage.Method, want.Storage.SASFile, want.Storage.KeyFile = identity.Auto, "", "/key"
	if !reflect.DeepEqual(got, want) || !got.delivery().Dedup {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	const vault = "https://k.vault.usgovcloudapi.net/secrets/"
	got = config(map[string]string{
		option.ClientSecretFile: "", option.ClientSecretURI: vault + "l", option.CertificateFile: "", option.CertificateURI: vault + "m/1",
		option.StorageAuth: "", option.StorageSASFile: "", option.StorageCertificateFile: "/archive",
	})
	if got.Login.ClientSecretURI != vault+"l" || got.Login.CertificateURI != vault+"m/1" || got.Storage.CertificateFile != "/archive" {
		t.Errorf("got\n%+v", got)
	}
	if got = config(map[string]string{option.StorageAuth: "", option.StorageSASFile: "", option.StorageClientSecretFile: "/archive"}); got.Storage.ClientSecretFile != "/archive" {
		t.Errorf("got\n%+v", got)
	}
}

// So has every option about a replay.
func TestParseConfigOfAReplay(t *testing.T) {
	options := map[string]string{
		option.TenantID: "11111111-2222-4333-8444-555555555551", option.Subscribe: "off",
		option.ReplayURL: "https://i.blob.core.windows.net/j", option.ReplayFrom: "2026-11-21", option.ReplayTo: "2026-11-22T12:00:00+01:00", option.ReplayExit: "on",
	}
	c, err := ParseConfig(func(key string) string { return options[key] })
	if err != nil {
		t.Fatal(err)
	}
	from, to := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	if c.ReplayURL != options[option.ReplayURL] || !c.ReplayFrom.Equal(from) || !c.ReplayTo.Equal(to) || !c.ReplayExit || c.ArchiveURL != "" {
		t.Errorf("got\n%+v", c)
	}
	delete(options, option.ReplayExit)
	options[option.Subscribe] = "on"
	if c, err = ParseConfig(func(key string) string { return options[key] }); err != nil || c.ReplayExit {
		t.Errorf("replay_exit is on by itself; %v", err)
	}
}

// No secret of the configuration passes the redactor.
func TestSecretsOfTheConfiguration(t *testing.T) {
	c := Config{
		Login: identity.Settings{ClientSecret: "first word", CertificatePassword: "second word"},
		Proxy: "http://user:third%20word@proxy",
		Mail:  alert.Config{Server: alert.Server{Password: "fourth word"}},
	}
	for _, secret := range []string{"first word", "second word", "third word", "fourth word"} {
		if text := c.secrets().Text("it is "+secret, 100); strings.Contains(text, "word") {
			t.Errorf("%q passes", text)
		}
	}
}

// Nor does it pass the log of an input.
func TestLogWithoutSecrets(t *testing.T) {
	inBubble(t, api.Options{}, func(t *testing.T, r *rig) {
		r.options[option.ClientSecret] = "a word of my own"
		in := r.open()
		in.log.Warnf("it is %s", r.options[option.ClientSecret])
		in.Close()
		if text := r.log.text(); !strings.Contains(text, "it is ") || strings.Contains(text, "my own") {
			t.Errorf("the log says\n%s", text)
		}
	})
}

// What is allowed at once for so many tenants and content types.
func TestBoundsOfTheConfiguration(t *testing.T) {
	for _, tt := range []struct {
		tenants, types, concurrency, queue int
		downloads, requests, entries       int
	}{
		{1, 1, 8, 32e6, 8, 9, maxQueuedBlobs},
		{1, 5, 8, 32e6, 12, 17, 32_000_000 / 8 / delivery.ItemRoom / 5},
		{4, 5, 1, 64e6, 5, 10, 64_000_000 / 8 / delivery.ItemRoom / 20},
		{10, 5, 1, 64e3, 5, 10, minQueuedBlobs},
	} {
		c := Config{Tenants: make([]string, tt.tenants), ContentTypes: make([]string, tt.types), Concurrency: tt.concurrency, QueueSize: tt.queue}
		if c.mostDownloads() != tt.downloads || c.mostRequests() != tt.requests || c.mostEntries() != tt.entries {
			t.Errorf("%+v: %d downloads, %d requests, %d entries", tt, c.mostDownloads(), c.mostRequests(), c.mostEntries())
		}
	}
}

// What comes close to a contradiction is none.
func TestNoContradictions(t *testing.T) {
	for name, c := range map[string]Config{
		"none":                  {},
		"one queue, one batch":  {QueueSize: 5, BatchSize: 5},
		"several tenants":       {Tenants: []string{"a", "b"}, Login: identity.Settings{Method: identity.ClientSecret}},
		"a managed identity":    {Tenants: []string{"a"}, Login: identity.Settings{Method: identity.ManagedIdentity}},
		"two tags":              {HealthTag: "a", TagPrefix: "b"},
		"a relay":               {Mail: alert.Config{To: []string{"a"}, From: "b", Server: alert.Server{Host: "h", Security: alert.Plain}}},
		"a mail server's login": {Mail: alert.Config{To: []string{"a"}, From: "b", Server: alert.Server{Host: "h", User: "u"}, PasswordFile: "f"}},
		"an archive":            {ArchiveURL: "https://a/b", ArchiveTier: "cool", Storage: identity.StorageSettings{Method: identity.SharedKey, KeyFile: "f"}},
		"a folder":              {ArchiveURL: "file:///a", Storage: identity.StorageSettings{Method: identity.Auto}},
	} {
		if err := c.contradictions(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
