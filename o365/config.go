package o365

import (
	"fmt"
	"net/url"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Config has every option of an [Input], with its default where it is not set.
// Package option explains the options of the same names. Sizes are in bytes.
type Config struct {
	Tenants      []string
	Endpoint     string
	Login        identity.Settings // without tenant and HTTP client
	ContentTypes []string
	PublisherID  string // empty: the tenant
	Subscribe    bool

	Lookback          time.Duration
	PollInterval      time.Duration
	RequestsPerMinute int
	Concurrency       int
	RequestTimeout    time.Duration
	Proxy             option.Secret // a URL that may hold a password
	CAFile            string

	DB          string
	Dedup       bool
	DedupWindow time.Duration
	DedupMax    int

	TagPrefix string
	BatchSize int
	// UnstoredMax is how many bytes of events may be on their way to the receiver's
	// storage.
	UnstoredMax int
	QueueSize   int
	RecordMax   int
	HealthTag   string

	Mail alert.Config // without TLS and Instance; no mail if To is empty

	ArchiveURL    string // empty: nothing is archived
	ArchiveFormat string
	ArchiveTier   string                   // empty: that of the account
	Storage       identity.StorageSettings // without host and HTTP client

	ReplayURL            string // empty: content is collected
	ReplayFrom, ReplayTo time.Time
	ReplayExit           bool
}

// ParseConfig reads the options through get, which returns the text of a key
// or "" if it is not set. The error has one line for each mistake: first those
// of single values; if there is none, the options that exclude each other.
func ParseConfig(get func(key string) string) (Config, error) {
	v, err := option.Parse(get)
	if err != nil {
		return Config{}, err
	}
	cloud, ok := identity.LookupCloud(v.String(option.Cloud))
	if !ok {
		return Config{}, fmt.Errorf("internal error: option %s: %q has no addresses; please report this bug", option.Cloud, v.String(option.Cloud))
	}
	c := Config{
		Tenants:  v.List(option.TenantID),
		Endpoint: orElse(v.String(option.Endpoint), cloud.Endpoint),
		Login: identity.Settings{
			Method:              identity.Method(v.String(option.Auth)),
			ClientID:            v.String(option.ClientID),
			ClientSecret:        v.Secret(option.ClientSecret),
			ClientSecretFile:    v.String(option.ClientSecretFile),
			ClientSecretURI:     v.String(option.ClientSecretURI),
			CertificateFile:     v.String(option.CertificateFile),
			CertificateURI:      v.String(option.CertificateURI),
			CertificatePassword: v.Secret(option.CertificatePassword),
			AuthorityHost:       orElse(v.String(option.AuthorityHost), cloud.Authority),
			CustomAuthority:     v.String(option.AuthorityHost) != "",
		},
		ContentTypes:      v.List(option.ContentTypes),
		PublisherID:       v.String(option.PublisherID),
		Subscribe:         v.Bool(option.Subscribe),
		Lookback:          v.Duration(option.Lookback),
		PollInterval:      v.Duration(option.PollInterval),
		RequestsPerMinute: v.Int(option.RequestsPerMinute),
		Concurrency:       v.Int(option.Concurrency),
		RequestTimeout:    v.Duration(option.RequestTimeout),
		Proxy:             v.Secret(option.Proxy),
		CAFile:            v.String(option.CAFile),
		DB:                v.String(option.DB),
		Dedup:             v.Bool(option.Dedup),
		DedupWindow:       v.Duration(option.DedupWindow),
		DedupMax:          v.Int(option.DedupMax),
		TagPrefix:         v.String(option.TagPrefix),
		BatchSize:         int(v.Size(option.BatchSize)),
		UnstoredMax:       int(v.Size(option.UnstoredMax)),
		QueueSize:         int(v.Size(option.QueueSize)),
		RecordMax:         int(v.Size(option.RecordMax)),
		HealthTag:         v.String(option.HealthTag),
	}
	c.Login.Audience = c.Endpoint
	c.ArchiveURL, c.ArchiveFormat, c.ArchiveTier = v.String(option.ArchiveURL), v.String(option.ArchiveFormat), v.String(option.ArchiveTier)
	c.ReplayURL, c.ReplayExit = v.String(option.ReplayURL), v.Bool(option.ReplayExit)
	c.ReplayFrom, c.ReplayTo = v.Time(option.ReplayFrom), v.Time(option.ReplayTo)
	c.Storage = parseStorage(v)
	if c.Mail, err = parseMail(v); err != nil {
		return Config{}, err
	}
	return c, c.contradictions()
}

// parseMail returns the options about mail; without smtp_url, Server is zero.
func parseMail(v option.Values) (alert.Config, error) {
	c := alert.Config{
		To:           v.List(option.AlertEmailTo),
		From:         v.String(option.AlertEmailFrom),
		PasswordFile: v.String(option.SMTPPasswordFile),
		After:        v.Duration(option.AlertAfter),
	}
	url := v.Secret(option.SMTPURL)
	if url == "" {
		return c, nil
	}
	var err error
	c.Server, err = alert.ParseServer(url)
	return c, err
}

// parseStorage returns the options about the login to a storage account.
func parseStorage(v option.Values) identity.StorageSettings {
	return identity.StorageSettings{
		Method:           identity.Method(v.String(option.StorageAuth)),
		TenantID:         v.String(option.StorageTenantID),
		ClientID:         v.String(option.StorageClientID),
		ClientSecretFile: v.String(option.StorageClientSecretFile),
		CertificateFile:  v.String(option.StorageCertificateFile),
		KeyFile:          v.String(option.StorageKeyFile),
		SASFile:          v.String(option.StorageSASFile),
	}
}

// delivery is how records are delivered.
func (c Config) delivery() delivery.Config {
	return delivery.Config{
		TagPrefix: c.TagPrefix, HealthTag: c.HealthTag,
		BatchSize: c.BatchSize, UnstoredMax: c.UnstoredMax, QueueSize: c.QueueSize, RecordMax: c.RecordMax,
		Dedup: c.Dedup, Downloads: c.mostDownloads(),
	}
}

// mostDownloads is how many downloads of a tenant can be under way at once: a
// content type without a download may start one beyond concurrency.
func (c Config) mostDownloads() int { return c.Concurrency + len(c.ContentTypes) - 1 }

// mostRequests is how many requests of a tenant can be under way at once.
func (c Config) mostRequests() int { return c.mostDownloads() + len(c.ContentTypes) }

// mostEntries is how many listed blobs may be queued for download, for each
// content type of each tenant. Together they take an eighth of queue_size at
// most, or minQueuedBlobs each where that is more.
func (c Config) mostEntries() int {
	streams := len(c.Tenants) * len(c.ContentTypes)
	return min(max(c.QueueSize/8/delivery.ItemRoom/streams, minQueuedBlobs), maxQueuedBlobs)
}

// Bounds of mostEntries.
const minQueuedBlobs, maxQueuedBlobs = 100, 2000

// secrets returns a redactor of the configured secrets. Those in files are added
// when the files are read.
func (c Config) secrets() *sanitize.Redactor {
	r := sanitize.NewRedactor(c.Login.ClientSecret.Reveal(), c.Login.CertificatePassword.Reveal(), c.Mail.Server.Password.Reveal())
	if u, err := url.Parse(c.Proxy.Reveal()); err == nil && u.User != nil {
		password, _ := u.User.Password()
		r.Add(password)
	}
	return r
}

func orElse(s, fallback string) string {
	if s != "" {
		return s
	}
	return fallback
}
