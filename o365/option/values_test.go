package option

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const tenant = "8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33"

// from looks keys up in a map and always sets the required one.
func from(set map[string]string) func(string) string {
	return func(key string) string {
		if s, ok := set[key]; ok {
			return s
		}
		if key == TenantID {
			return tenant
		}
		return ""
	}
}

func TestDefaults(t *testing.T) {
	v, err := Parse(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{
		TenantID:            []string{tenant},
		Cloud:               "enterprise",
		Endpoint:            "",
		AuthorityHost:       "",
		Auth:                "auto",
		ClientID:            "",
		ClientSecret:        Secret(""),
		ClientSecretFile:    "",
		CertificateFile:     "",
		CertificatePassword: Secret(""),
		ContentTypes:        []string{"Audit.AzureActiveDirectory", "Audit.Exchange", "Audit.SharePoint", "Audit.General"},
		PublisherID:         "",
		Subscribe:           true,
		Lookback:            7 * 24 * time.Hour,
		PollInterval:        time.Minute,
		RequestsPerMinute:   2000,
		Concurrency:         8,
		RequestTimeout:      time.Minute,
		Proxy:               Secret(""),
		CAFile:              "",
		DB:                  "",
		Dedup:               true,
		DedupWindow:         7 * 24 * time.Hour,
		DedupMax:            1_000_000,
		TagPrefix:           "",
		BatchSize:           int64(64_000),
		UnstoredMax:         int64(4_000_000),
		QueueSize:           int64(16_000_000),
		HealthTag:           "",
		AlertEmailTo:        []string(nil),
		AlertEmailFrom:      "",
		AlertAfter:          30 * time.Minute,
		SMTPURL:             Secret(""),
		SMTPPasswordFile:    "",

		ClientSecretURI: "", CertificateURI: "",
		ArchiveURL: "", ArchiveFormat: "json", ArchiveTier: "",
		ReplayURL: "", ReplayFrom: time.Time{}, ReplayTo: time.Time{}, ReplayExit: false,
		StorageAuth: "auto", StorageTenantID: "", StorageClientID: "",
		StorageClientSecretFile: "", StorageCertificateFile: "", StorageKeyFile: "", StorageSASFile: "",
	} {
		var got any
		switch want.(type) {
		case string:
			got = v.String(key)
		case []string:
			got = v.List(key)
		case Secret:
			got = v.Secret(key)
		case bool:
			got = v.Bool(key)
		case int:
			got = v.Int(key)
		case int64:
			got = v.Size(key)
		case time.Duration:
			got = v.Duration(key)
		case time.Time:
			got = v.Time(key)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s = %v, want %v", key, got, want)
		}
	}
}

func TestParse(t *testing.T) {
	two := "8D3C0F9E-41B7-4F0A-9C55-6A0E1F2B7D33 , 1f6a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c"
	for _, c := range []struct{ key, text, want string }{
		{TenantID, two, "[8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33 1f6a2b3c-0d4e-4f5a-8b6c-7d8e9f0a1b2c]"},
		{Cloud, " GCC_High ", "gcc_high"},
		{Endpoint, "https://gateway.example:8443/office/", "https://gateway.example:8443/office"},
		{Endpoint, "HTTPS://manage.office.com", "https://manage.office.com"},
		{Auth, "Managed_Identity", "managed_identity"},
		{ClientSecretURI, "HTTPS://Mine.Vault.Azure.Net:443/Secrets/o365/", "https://mine.vault.azure.net/secrets/o365"},
		{ClientSecretURI, "https://mine.vault.usgovcloudapi.net/secrets/o365/0123456789abcdef0123456789ABCDEF", "https://mine.vault.usgovcloudapi.net/secrets/o365/0123456789abcdef0123456789ABCDEF"},
		{CertificateURI, "https://mine.vault.azure.net/certificates/o365/1", "https://mine.vault.azure.net/secrets/o365/1"},
		{CertificateURI, "https://mine.vault.azure.net/secrets/o365", "https://mine.vault.azure.net/secrets/o365"},
		{ArchiveURL, "https://mine.blob.core.windows.net/audit/", "https://mine.blob.core.windows.net/audit"},
		{ArchiveURL, "http://127.0.0.1:10000/devstoreaccount1/audit", "http://127.0.0.1:10000/devstoreaccount1/audit"},
		{ArchiveURL, "http://[::1]:10000/devstoreaccount1/audit", "http://[::1]:10000/devstoreaccount1/audit"},
		{ArchiveURL, "file:///var/archive/", "file:///var/archive"},
		{ReplayURL, "file:///var/archive/", "file:///var/archive"},
		{ReplayFrom, " 2026-11-22 ", "2026-11-22 00:00:00 +0000 UTC"},
		{ReplayTo, "2026-11-22t13:30:00+02:00", "2026-11-22 11:30:00 +0000 UTC"},
		{StorageAuth, "SAS", "sas"},
		{ContentTypes, "audit.exchange, dlp.all", "[Audit.Exchange DLP.All]"},
		{Subscribe, "No", "false"},
		{Subscribe, "TRUE", "true"},
		{Subscribe, "on", "true"},
		{Dedup, "off", "false"},
		{Dedup, "yes", "true"},
		{Lookback, "0", "0s"},
		{Lookback, "7d", "168h0m0s"},
		{Lookback, "1D12H", "36h0m0s"},
		{PollInterval, "90s", "1m30s"},
		{PollInterval, "1h30m", "1h30m0s"},
		{Concurrency, "64", "64"},
		{BatchSize, "512k", "512000"},
		{BatchSize, "1M", "1000000"},
		{BatchSize, "16000000", "16000000"},
		{QueueSize, "1gb", "1000000000"},
		{CAFile, " /etc/ssl/my roots.pem ", "/etc/ssl/my roots.pem"},
		{TagPrefix, "o365.prod-eu", "o365.prod-eu"},
		{AlertEmailTo, "ops@example.com , <siem@example.com>", "[ops@example.com siem@example.com]"},
		{AlertAfter, "0s", "0s"},
	} {
		v, err := Parse(from(map[string]string{c.key: c.text}))
		if err != nil {
			t.Errorf("%s %q: %v", c.key, c.text, err)
			continue
		}
		if got := fmt.Sprint(v.of[c.key]); got != c.want {
			t.Errorf("%s %q = %s, want %s", c.key, c.text, got, c.want)
		}
	}
}

func TestSecretKeepsItsText(t *testing.T) {
	v, err := Parse(from(map[string]string{
		ClientSecret:        "a~b=\n",
		CertificatePassword: "\ufeff two  spaces \r\n",
		Proxy:               " http://user:p%40ss@proxy.example:3128/ ",
		SMTPURL:             " SMTP://me@example.com:p%40ss%23@mail.example ",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		ClientSecret:        "a~b=",
		CertificatePassword: " two  spaces ",
		Proxy:               "http://user:p%40ss@proxy.example:3128",
		SMTPURL:             "smtp://me%40example.com:p%40ss%23@mail.example",
	} {
		if got := v.Secret(key).Reveal(); got != want {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
		if got := v.String(key); got != "" {
			t.Errorf("String(%s) gives the secret away: %q", key, got)
		}
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	const secret = "hunter2"
	for o := range All() {
		// The text is wrong for every type but a secret's and a path's.
		wrong := "ftp://me:" + secret + "@host\x00?x"
		v, err := Parse(from(map[string]string{o.Key: wrong}))
		if !o.Secret && !slices.Contains([]string{Endpoint, AuthorityHost, ClientSecretURI, CertificateURI, ArchiveURL, ReplayURL}, o.Key) {
			continue
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error holds the secret: %v", o.Key, err)
		}
		//lint:ignore SA9005 this is what a careless caller does
		shown, _ := json.Marshal(v)
		holder := struct{ values Values }{v}
		for _, text := range []string{
			fmt.Sprint(v), fmt.Sprintf("%v %+v %#v %s %q", v, v, v, v, v),
			fmt.Sprintf("%v %+v %#v", holder, holder, &holder), string(shown),
		} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is shown: %s", o.Key, text)
			}
		}
	}
}

func TestListIsACopy(t *testing.T) {
	v, err := Parse(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	v.List(TenantID)[0] = "changed"
	if got := v.List(TenantID); !slices.Equal(got, []string{tenant}) {
		t.Errorf("the list changed to %v", got)
	}
}

func TestUndeclaredIsZero(t *testing.T) {
	v, err := Parse(from(nil))
	if err != nil {
		t.Fatal(err)
	}
	if v.String("nonsense") != "" || v.Int(Cloud) != 0 || v.Duration(BatchSize) != 0 || v.Secret(Cloud) != "" {
		t.Error("a value of another key or type came out")
	}
}

// Only what stands before the last @ of a URL must be encoded.
func TestNeedsEncoding(t *testing.T) {
	for text, want := range map[string]bool{
		"http://me:p%40ss@host:1":  false,
		"http://me:p@ss@host:1":    false, // net/url reads it as it is meant
		"http://me:p#ss@host:1":    true,
		"http://me:p@s#s@host:1":   true,
		"http://me@a:p%s@host:1":   true,
		"http://host:1/path?a#b":   false,
		"http://me:pass@host/a#b?": false,
		"me:p#ss@host:1":           false, // no URL
		"http://me:p ss@host":      true,
		"http://me:p\u00e4ss@host": true,
	} {
		if got := NeedsEncoding(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
