package o365

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

// openArchive returns the archive of an input, nil if there is none. It makes no
// request.
func (a *assembly) openArchive(run func(f func())) (*archive.Archive, error) {
	if a.ArchiveURL == "" {
		return nil, nil
	}
	store, err := a.openStore(option.ArchiveURL, a.ArchiveURL, a.ArchiveTier)
	if err != nil {
		return nil, err
	}
	return archive.New(archive.Config{Store: store, Format: archive.Format(a.ArchiveFormat), Report: a.reportArchive, Go: run}), nil
}

// reportArchive sets the condition of an archive that cannot be written; nil ends it.
func (a *assembly) reportArchive(err *storage.Error) {
	if err == nil {
		a.monitor.Clear(source.Stream{}, health.Archive)
		return
	}
	a.monitor.Set(source.Stream{}, health.Archive, health.Degraded, health.Cause{
		What:   "nothing is archived: " + err.What,
		Do:     orElse(err.Do, "nothing, unless it lasts: records are delivered meanwhile, and what is missing is archived within seven days"),
		Detail: err.Error(),
	})
}

// openStore returns the container at the URL that an option has. It makes no request.
func (a *assembly) openStore(key, address, tier string) (storage.Store, error) {
	o := storage.Options{Tier: tier}
	if u, err := url.Parse(address); err == nil && u.Host != "" { // a folder needs no login
		client := &http.Client{Transport: transport.Trace{Next: a.transport, Logf: a.host.Log.Debugf}, Timeout: a.RequestTimeout}
		settings := a.Storage
		settings.Host, settings.HTTP, settings.Secrets = u.Hostname(), client, a.secrets
		login, err := identity.NewStorage(settings)
		if err != nil {
			return nil, err
		}
		o.HTTP, o.Credential, o.SharedKey, o.SAS = client, login.Token, login.SharedKey, login.SAS
	}
	store, err := storage.Open(address, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	return store, nil
}
