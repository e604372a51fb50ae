package o365

import (
	"fmt"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// storageRules are those of the options about archives and storage accounts.
func (c Config) storageRules() []rule {
	s := c.Storage
	const folder = "file://"
	key, address := option.ArchiveURL, c.ArchiveURL
	if address == "" && c.ReplayURL != "" {
		key, address = option.ReplayURL, c.ReplayURL
	}
	local := strings.HasPrefix(address, folder)
	rules := c.replayRules()
	add := func(option, without string) {
		rules = append(rules,
			rule{address == "", noEffect(option, without)},
			rule{local, fmt.Sprintf("%s: has no effect on a folder (%s begins with %s)", option, key, folder)})
	}
	if c.ArchiveTier != "" && c.ReplayURL == "" {
		add(option.ArchiveTier, option.ArchiveURL)
	}
	ofAzure := set(
		option.StorageTenantID, s.TenantID, option.StorageClientID, s.ClientID,
		option.StorageClientSecretFile, s.ClientSecretFile, option.StorageCertificateFile, s.CertificateFile,
		option.StorageKeyFile, s.KeyFile, option.StorageSASFile, s.SASFile)
	if s.Method != "" && s.Method != identity.Auto {
		ofAzure = append(ofAzure, option.StorageAuth)
	}
	for _, of := range ofAzure {
		add(of, option.ArchiveURL+" or "+option.ReplayURL)
	}
	remote := address != "" && !local // otherwise one line for each is enough
	from := set(option.StorageKeyFile, s.KeyFile, option.StorageSASFile, s.SASFile,
		option.StorageClientSecretFile, s.ClientSecretFile, option.StorageCertificateFile, s.CertificateFile)
	return append(rules,
		rule{remote && len(from) > 1, onlyOne(from)},
		rule{remote && s.Method == identity.SharedKey && s.KeyFile == "", needs(option.StorageAuth+" "+string(identity.SharedKey), option.StorageKeyFile)},
		rule{remote && s.Method == identity.SAS && s.SASFile == "", needs(option.StorageAuth+" "+string(identity.SAS), option.StorageSASFile)},
	)
}

// replayRules are those of the options about a replay.
func (c Config) replayRules() []rule {
	collects, bothEnds := c.ReplayURL == "", !c.ReplayFrom.IsZero() && !c.ReplayTo.IsZero()
	return []rule{
		{collects && !c.ReplayFrom.IsZero(), noEffect(option.ReplayFrom, option.ReplayURL)},
		{collects && !c.ReplayTo.IsZero(), noEffect(option.ReplayTo, option.ReplayURL)},
		{collects && c.ReplayExit, noEffect(option.ReplayExit, option.ReplayURL)},
		{!collects && c.ArchiveURL != "", notBoth(option.ReplayURL, option.ArchiveURL)},
		{!collects && len(c.Mail.To) > 0, notBoth(option.ReplayURL, option.AlertEmailTo)},
		{!collects && c.ArchiveTier != "" && c.ArchiveURL == "", noEffect(option.ArchiveTier, option.ArchiveURL)},
		{bothEnds && !c.ReplayFrom.Before(c.ReplayTo),
			fmt.Sprintf("%s: %s is not later than %s (a day ends at the next midnight)", option.ReplayTo, c.ReplayTo.Format(time.RFC3339), option.ReplayFrom)},
	}
}
