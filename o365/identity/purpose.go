package identity

import (
	"errors"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A purpose is what a login is for whose errors name other options than those of the
// login to the audited tenant with files. Nil is that one.
type purpose struct {
	names *strings.Replacer
	// What is wrong, for errors that say nothing better: something must be changed, or
	// the login service is not there. Empty for the audited tenant.
	fails, unreachable string
}

// vaultPurpose is the login to the audited tenant with what is in Key Vault.
var vaultPurpose = &purpose{names: strings.NewReplacer(
	"client_secret or client_secret_file", "the secret of client_secret_uri",
	"client_secret wants", "client_secret_uri wants",
	"the certificate of certificate_file", "the certificate of certificate_uri",
)}

// machinePurpose is the login with which a machine reads Key Vault: its settings come
// from the environment.
var machinePurpose = &purpose{
	names: strings.NewReplacer(
		"name a user-assigned one in client_id", "name a user-assigned one in the environment variable "+federatedClientID,
		"choose another auth", "log in with the Azure CLI",
		"client_id (or environment variable "+federatedClientID+")", "environment variable "+federatedClientID,
		option.TenantID, "environment variable "+federatedTenantID,
		"cloud and authority_host", "environment variable AZURE_AUTHORITY_HOST",
	),
	fails:       "the identity of this machine, which reads the Key Vault, can't log in",
	unreachable: "the login service for the identity of this machine, which reads the Key Vault, can't be reached",
}

// storagePurpose is the login to a storage account.
var storagePurpose = &purpose{
	names: strings.NewReplacer(
		// The method is not the option of the same name.
		"auth client_secret:", "storage_auth client_secret:",
		"auth certificate:", "storage_auth certificate:",
		"auth workload_identity:", "storage_auth workload_identity:",
		"auth managed_identity:", "storage_auth managed_identity:",
		"auth azure_cli:", "storage_auth azure_cli:",
		"auth is auto and", "storage_auth is auto and",
		"choose another auth", "choose another storage_auth",
		"client_secret, client_secret_file or certificate_file", "storage_client_secret_file, storage_certificate_file, storage_key_file or storage_sas_file",
		"client_secret or client_secret_file", option.StorageClientSecretFile,
		option.ClientSecretFile, option.StorageClientSecretFile,
		option.ClientSecret, option.StorageClientSecretFile,
		option.CertificateFile, option.StorageCertificateFile,
		"is protected: certificate_password is missing (is the variable empty?)", "is protected: export it without a password",
		"tenant_id and cloud", option.StorageTenantID,
		option.TenantID, option.StorageTenantID,
		option.ClientID, option.StorageClientID,
		meanings[500011].remedy, "check that archive_url and the login belong to the same cloud",
		"cloud and authority_host", option.ArchiveURL,
		"check authority_host", "check "+option.ArchiveURL,
	),
	fails:       "signing in to the storage account fails",
	unreachable: "the login service of the storage account can't be reached",
}

// name returns what an option is called.
func (p *purpose) name(key string) string {
	if p == nil {
		return key
	}
	return p.names.Replace(key)
}

// named returns an error that names the options of the purpose. It must hold nothing
// but text of this package.
func (p *purpose) named(err error) error {
	if p == nil || err == nil {
		return err
	}
	return errors.New(p.names.Replace(err.Error()))
}

// explain completes an error of a login.
func (p *purpose) explain(err error) error {
	var e *Error
	if p == nil || !errors.As(err, &e) {
		return err
	}
	e.Plain, e.Remedy = p.names.Replace(e.Plain), p.names.Replace(e.Remedy)
	switch {
	case e.configuration:
		e.Plain = orText(e.Plain, p.fails)
	case p.unreachable != "":
		e.Plain = orText(e.Plain, p.unreachable)
		e.Remedy = orText(e.Remedy, "check network, DNS, firewall and proxy if it lasts; it is tried again")
	}
	return err
}
