package o365

import (
	"fmt"
	"net/url"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// openArchive returns the archive of an input, nil if there is none. It makes no
// request.
func (a *assembly) openArchive(run func(f func())) (*archive.Archive, error) {
	if a.ArchiveURL == "" {
		return nil, nil
	}
	store, err := openStore(a.ArchiveURL)
	if err != nil {
		return nil, fmt.Errorf("archive_url: %w", err)
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

func openStore(address string) (storage.Store, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return storage.NewFolder(u.Path), nil
}
