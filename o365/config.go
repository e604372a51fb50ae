package o365

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/alert"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// Config says what an [Input] collects and how. The options of the same names
// are explained in package option.
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
	QueueSize int
	RecordMax int
	HealthTag string

	Mail alert.Config // without TLS and Instance; no mail if To is empty
}

// ParseConfig reads the options through get, which returns the text of a key
// or "" if it is not set. The error has one line for each mistake.
func ParseConfig(get func(key string) string) (Config, error) {
	v, err := option.Parse(get)
	if err != nil {
		return Config{}, err
	}
	cloud, ok := identity.LookupCloud(v.String(option.Cloud))
	if !ok {
		return Config{}, fmt.Errorf("%s: %q is declared but unknown", option.Cloud, v.String(option.Cloud))
	}
	c := Config{
		Tenants:  v.List(option.TenantID),
		Endpoint: orElse(v.String(option.Endpoint), cloud.Endpoint),
		Login: identity.Settings{
			Method:              identity.Method(v.String(option.Auth)),
			ClientID:            v.String(option.ClientID),
			ClientSecret:        v.Secret(option.ClientSecret),
			ClientSecretFile:    v.String(option.ClientSecretFile),
			CertificateFile:     v.String(option.CertificateFile),
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
		QueueSize:         int(v.Size(option.QueueSize)),
		RecordMax:         int(v.Size(option.RecordMax)),
		HealthTag:         v.String(option.HealthTag),
	}
	c.Login.Audience = c.Endpoint
	if c.Mail, err = parseMail(v); err != nil {
		return Config{}, err
	}
	return c, c.contradictions()
}

// contradictions reports options that do not go together.
func (c Config) contradictions() error {
	var mistakes []error
	say := func(wrong bool, format string, args ...any) {
		if wrong {
			mistakes = append(mistakes, fmt.Errorf(format, args...))
		}
	}
	say(c.Login.ClientSecret != "" && c.Login.ClientSecretFile != "",
		"%s: set it or %s, not both", option.ClientSecret, option.ClientSecretFile)
	say(c.Login.CertificatePassword != "" && c.Login.CertificateFile == "",
		"%s: is of no use without %s", option.CertificatePassword, option.CertificateFile)
	say(len(c.Tenants) > 1 && c.Login.Method == identity.ManagedIdentity,
		"%s: a managed identity belongs to one tenant (use one section for each tenant)", option.TenantID)
	say(c.QueueSize < c.BatchSize,
		"%s: %d bytes is less than %s (use at least %d)", option.QueueSize, c.QueueSize, option.BatchSize, c.BatchSize)
	say(c.HealthTag != "" && c.HealthTag == c.TagPrefix,
		"%s: %q is %s too (use another tag)", option.HealthTag, c.HealthTag, option.TagPrefix)
	return errors.Join(append(mistakes, c.mailContradictions()...)...)
}

// contentTypes are those that are collected.
func (c Config) contentTypes() []source.ContentType {
	return wanted(activity.ContentTypes(), c.ContentTypes)
}

// delivery is how records are delivered.
func (c Config) delivery() delivery.Config {
	return delivery.Config{
		TagPrefix: c.TagPrefix, HealthTag: c.HealthTag,
		BatchSize: c.BatchSize, QueueSize: c.QueueSize, RecordMax: c.RecordMax,
		Dedup: c.Dedup, Downloads: c.mostDownloads(),
	}
}

// mostDownloads is how many downloads of a tenant can be under way at once: a
// content type that has none may always begin one.
func (c Config) mostDownloads() int { return c.Concurrency + len(c.ContentTypes) - 1 }

// mostRequests is how many requests of a tenant can be under way at once.
func (c Config) mostRequests() int { return c.mostDownloads() + len(c.ContentTypes) }

// mostEntries is how many entries of listings may wait, for each content type of
// each tenant. Together they take an eighth of queue_size at most, but some for
// each: with a small queue_size those come on top of it.
func (c Config) mostEntries() int {
	streams := len(c.Tenants) * len(c.ContentTypes)
	return min(max(c.QueueSize/8/delivery.ItemRoom/streams, leastEntries), mostEntries)
}

const leastEntries, mostEntries = 100, 2000

// secrets returns what takes the configured secrets out of text; those in files
// are added when they are read.
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
