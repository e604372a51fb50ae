package identity

import (
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Ways of logging in to a storage account that are none of a [Method], since no
// login service has a part in them.
const (
	SharedKey Method = "shared_key"
	SAS       Method = "sas"
)

// StorageMethods returns the ways of logging in to a storage account, Auto first.
func StorageMethods() []Method {
	return []Method{Auto, ManagedIdentity, WorkloadIdentity, ClientSecret, Certificate, AzureCLI, SharedKey, SAS}
}

// StorageSettings are what logs in to a storage account, which has nothing to do with
// the audited tenant. Their comments name the options that they come from.
type StorageSettings struct {
	Method   Method // storage_auth; empty means Auto
	TenantID string // storage_tenant_id
	ClientID string // storage_client_id; of a managed identity the user-assigned one

	ClientSecretFile string // storage_client_secret_file
	CertificateFile  string // storage_certificate_file
	KeyFile          string // storage_key_file
	SASFile          string // storage_sas_file

	// Host is that of the account; its end tells the cloud.
	Host string

	HTTP    *http.Client       // as in [Settings]
	Secrets *sanitize.Redactor // as in [Settings]
}
