package o365

import (
	"fmt"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// storageRules are those of the options about archives and storage accounts.
func (c Config) storageRules() []rule {
	s := c.Storage
	var rules []rule
	const folder = "file://"
	local := strings.HasPrefix(c.ArchiveURL, folder)
	ofAzure := set(
		option.ArchiveTier, c.ArchiveTier, option.StorageTenantID, s.TenantID, option.StorageClientID, s.ClientID,
		option.StorageClientSecretFile, s.ClientSecretFile, option.StorageCertificateFile, s.CertificateFile,
		option.StorageKeyFile, s.KeyFile, option.StorageSASFile, s.SASFile)
	if s.Method != "" && s.Method != identity.Auto {
		ofAzure = append(ofAzure, option.StorageAuth)
	}
	for _, key := range ofAzure {
		rules = append(rules,
			rule{c.ArchiveURL == "", noEffect(key, option.ArchiveURL)},
			rule{local, fmt.Sprintf("%s: has no effect on a folder (%s begins with %s)", key, option.ArchiveURL, folder)})
	}
	remote := c.ArchiveURL != "" && !local // otherwise one line for each is enough
	from := set(option.StorageKeyFile, s.KeyFile, option.StorageSASFile, s.SASFile,
		option.StorageClientSecretFile, s.ClientSecretFile, option.StorageCertificateFile, s.CertificateFile)
	return append(rules,
		rule{remote && len(from) > 1, onlyOne(from)},
		rule{remote && s.Method == identity.SharedKey && s.KeyFile == "", needs(option.StorageAuth+" "+string(identity.SharedKey), option.StorageKeyFile)},
		rule{remote && s.Method == identity.SAS && s.SASFile == "", needs(option.StorageAuth+" "+string(identity.SAS), option.StorageSASFile)},
	)
}
