package o365

import (
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// Options about vaults and storage accounts that exclude each other.
func TestContradictionsOfVaultAndStorage(t *testing.T) {
	const vault, account, guid = "https://a.vault.azure.net/", "https://a.blob.core.windows.net/b", "11111111-2222-4333-8444-555555555555"
	for _, tt := range []struct {
		name    string
		options map[string]string
		want    []string
	}{
		{"secret and vault", map[string]string{option.ClientSecret: "x", option.ClientSecretURI: vault + "secrets/a"},
			[]string{"client_secret: set it or client_secret_uri, not both"}},
		{"secret file and vault", map[string]string{option.ClientSecretFile: "x", option.ClientSecretURI: vault + "secrets/a"},
			[]string{"client_secret_file: set it or client_secret_uri, not both"}},
		{"certificate file and vault", map[string]string{option.CertificateFile: "x", option.CertificateURI: vault + "certificates/a"},
			[]string{"certificate_file: set it or certificate_uri, not both"}},
		{"password of a vault's certificate", map[string]string{option.CertificatePassword: "x", option.CertificateURI: vault + "certificates/a"}, nil},
		{"no archive", map[string]string{
			option.ArchiveTier: "cool", option.StorageTenantID: guid, option.StorageClientID: guid, option.StorageClientSecretFile: "x",
			option.StorageCertificateFile: "x", option.StorageKeyFile: "x", option.StorageSASFile: "x", option.StorageAuth: "sas",
		}, []string{
			"archive_tier: has no effect without archive_url", "storage_tenant_id: has no effect without archive_url or replay_url",
			"storage_client_id: has no effect without archive_url or replay_url", "storage_client_secret_file: has no effect without archive_url or replay_url",
			"storage_certificate_file: has no effect without archive_url or replay_url", "storage_key_file: has no effect without archive_url or replay_url",
			"storage_sas_file: has no effect without archive_url or replay_url", "storage_auth: has no effect without archive_url or replay_url",
		}},
		{"folder", map[string]string{option.ArchiveURL: "file:///a", option.ArchiveTier: "cool", option.StorageAuth: "sas"}, []string{
			"archive_tier: has no effect on a folder (archive_url begins with file://)",
			"storage_auth: has no effect on a folder (archive_url begins with file://)",
		}},
		{"no replay", map[string]string{option.ReplayFrom: "2026-11-21", option.ReplayTo: "2026-11-22", option.ReplayExit: "on"}, []string{
			"replay_from: has no effect without replay_url", "replay_to: has no effect without replay_url", "replay_exit: has no effect without replay_url",
		}},
		{"replay and archive", map[string]string{option.ReplayURL: "file:///a", option.ArchiveURL: "file:///a"},
			[]string{"replay_url: set it or archive_url, not both"}},
		{"mail about a replay", map[string]string{option.ReplayURL: "file:///a", option.AlertEmailTo: "a@b", option.AlertEmailFrom: "a@b", option.SMTPURL: "smtp://h?starttls=off"},
			[]string{"replay_url: set it or alert_email_to, not both"}},
		{"replay of a folder", map[string]string{option.ReplayURL: "file:///a", option.ArchiveTier: "cool", option.StorageKeyFile: "x"}, []string{
			"archive_tier: has no effect without archive_url", "storage_key_file: has no effect on a folder (replay_url begins with file://)",
		}},
		{"replay of no time", map[string]string{option.ReplayURL: "file:///a", option.ReplayFrom: "2026-11-22", option.ReplayTo: "2026-11-22"},
			[]string{"replay_to: 2026-11-22T00:00:00Z is not later than replay_from (a day ends at the next midnight)"}},
		{"replay from Azure", map[string]string{option.ReplayURL: account, option.StorageKeyFile: "x", option.ReplayFrom: "2026-11-22T13:00:00+01:00", option.ReplayTo: "2026-11-23"}, nil},
		{"key and signature", map[string]string{option.ArchiveURL: account, option.StorageKeyFile: "x", option.StorageSASFile: "x"},
			[]string{"storage_key_file: set it or storage_sas_file, not both"}},
		{"signature and certificate", map[string]string{option.ArchiveURL: account, option.StorageSASFile: "x", option.StorageCertificateFile: "x"},
			[]string{"storage_sas_file: set it or storage_certificate_file, not both"}},
		{"secret and certificate of the archive", map[string]string{option.ArchiveURL: account, option.StorageClientSecretFile: "x", option.StorageCertificateFile: "x"},
			[]string{"storage_client_secret_file: set it or storage_certificate_file, not both"}},
		{"two logins, and no archive", map[string]string{option.StorageKeyFile: "x", option.StorageSASFile: "x"}, []string{
			"storage_key_file: has no effect without archive_url or replay_url", "storage_sas_file: has no effect without archive_url or replay_url"}},
		{"two logins to a folder", map[string]string{option.ArchiveURL: "file:///a", option.StorageKeyFile: "x", option.StorageSASFile: "x"}, []string{
			"storage_key_file: has no effect on a folder (archive_url begins with file://)", "storage_sas_file: has no effect on a folder (archive_url begins with file://)"}},
		{"no key for a folder", map[string]string{option.ArchiveURL: "file:///a", option.StorageAuth: "shared_key"},
			[]string{"storage_auth: has no effect on a folder (archive_url begins with file://)"}},
		{"replay until", map[string]string{option.ReplayURL: account, option.ReplayTo: "2026-11-23"}, nil},
		{"replay from", map[string]string{option.ReplayURL: account, option.ReplayFrom: "2026-11-23"}, nil},
		{"replay of less than no time", map[string]string{option.ReplayURL: "file:///a", option.ReplayFrom: "2026-11-23", option.ReplayTo: "2026-11-22"},
			[]string{"replay_to: 2026-11-22T00:00:00Z is not later than replay_from (a day ends at the next midnight)"}},
		{"tier of a replay and an archive", map[string]string{option.ReplayURL: account, option.ArchiveURL: account, option.ArchiveTier: "cool"},
			[]string{"replay_url: set it or archive_url, not both"}},
		{"no key", map[string]string{option.ArchiveURL: account, option.StorageAuth: "shared_key"}, []string{"storage_auth shared_key: needs storage_key_file"}},
		{"no signature", map[string]string{option.ArchiveURL: account, option.StorageAuth: "sas"}, []string{"storage_auth sas: needs storage_sas_file"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options[option.TenantID] = guid
			_, err := ParseConfig(func(key string) string { return tt.options[key] })
			got := ""
			if err != nil {
				got = err.Error()
			}
			if want := strings.Join(tt.want, "\n"); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
