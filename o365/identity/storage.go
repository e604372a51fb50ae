package identity

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Ways of logging in to a storage account in which no login service has a part.
const (
	SharedKey Method = "shared_key"
	SAS       Method = "sas"
)

// StorageMethods returns the ways of logging in to a storage account, Auto first. That
// is the first of SharedKey, SAS, ClientSecret, Certificate, WorkloadIdentity and
// ManagedIdentity whose settings exist.
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
	// Observe and OnFallback are those of [Settings], for the methods with a login.
	Observe    func(error)
	OnFallback func(error)
}

// A StorageLogin is what proves to a storage account who we are. One of the three is
// set.
type StorageLogin struct {
	Method Method // never Auto
	// Token gives tokens for the scope https://storage.azure.com/.default. Its errors
	// are those of [Source.Token].
	Token azcore.TokenCredential
	// SharedKey returns an access key in base64, and SAS a shared access signature
	// without the question mark before it. They read the file each time, so a rotation
	// needs no restart.
	SharedKey, SAS func() (option.Secret, error)
}

// storageAudience is the same in all clouds.
// https://learn.microsoft.com/azure/storage/blobs/authorize-access-azure-active-directory#microsoft-entra-resource-id
const storageAudience = "https://storage.azure.com"

// NewStorage returns the login to a storage account. Its error is one line about what
// is wrong with the settings or with the files they name. It does not use the network.
func NewStorage(s StorageSettings) (StorageLogin, error) {
	if s.Secrets == nil {
		s.Secrets = sanitize.NewRedactor()
	}
	read := func(key, path string, check func([]byte) (string, error)) func() (option.Secret, error) {
		return func() (option.Secret, error) {
			c, err := readText(key, path)
			if err != nil {
				return "", err
			}
			value, err := check(bytes.TrimSpace(c.raw))
			if err != nil {
				return "", fmt.Errorf("%s: %w", c.from, err)
			}
			s.Secrets.Add(value)
			return option.Secret(value), nil
		}
	}
	var err error
	switch login := (StorageLogin{Method: s.method()}); login.Method {
	case SharedKey:
		if s.KeyFile == "" {
			return StorageLogin{}, missingIn(login.Method, option.StorageKeyFile)
		}
		login.SharedKey = read(option.StorageKeyFile, s.KeyFile, checkKey)
		_, err = login.SharedKey()
		return login, err
	case SAS:
		if s.SASFile == "" {
			return StorageLogin{}, missingIn(login.Method, option.StorageSASFile)
		}
		login.SAS = read(option.StorageSASFile, s.SASFile, s.checkSAS)
		_, err = login.SAS()
		return login, err
	default:
		source, err := newSource(s.source(login.Method), storagePurpose)
		if err != nil {
			return StorageLogin{}, err
		}
		login.Method, login.Token = source.Method(), source
		return login, nil
	}
}

// method is the way that was chosen, as far as it is not one of a [Source].
func (s StorageSettings) method() Method {
	switch auto := s.Method == "" || s.Method == Auto; {
	case auto && s.KeyFile != "":
		return SharedKey
	case auto && s.SASFile != "":
		return SAS
	default:
		return s.Method
	}
}

// source is what a [Source] logs in with.
func (s StorageSettings) source(m Method) Settings {
	settings := Settings{
		Method: m, TenantID: s.TenantID, ClientID: s.ClientID,
		ClientSecretFile: s.ClientSecretFile, CertificateFile: s.CertificateFile,
		Audience: storageAudience, HTTP: s.HTTP, Secrets: s.Secrets, Observe: s.Observe, OnFallback: s.OnFallback,
	}
	settings.AuthorityHost, settings.CustomAuthority = authorityFor(s.Host)
	if s.ClientSecretFile == "" && s.CertificateFile == "" {
		settings.TenantID = orText(s.TenantID, os.Getenv(federatedTenantID)) // of a workload
	}
	return settings
}

func missingIn(m Method, key string) error {
	return fmt.Errorf("%s %s: %s is missing (is the variable empty?)", option.StorageAuth, m, key)
}

// Mistakes in the files of a storage account.
var (
	errNoAccountKey = errors.New("is a connection string without an AccountKey")
	errNotKey       = errors.New("is no access key: it is text in base64, as the portal shows it")
	errNotSAS       = errors.New("is no shared access signature: it has parameters sv, se, sp and sig, joined by &")
)

// checkKey returns an access key, which may stand in a connection string. What else that
// has counts for nothing.
// https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage
func checkKey(text []byte) (string, error) {
	key := string(text)
	if strings.Contains(key, "AccountName=") || strings.Contains(key, "AccountKey=") {
		_, behind, ok := strings.Cut(";"+key, ";AccountKey=")
		if key, _, _ = strings.Cut(behind, ";"); !ok || key == "" {
			return "", errNoAccountKey
		}
	}
	if _, err := base64.StdEncoding.Strict().DecodeString(key); err != nil {
		return "", errNotKey
	}
	return key, nil
}

// checkSAS returns a signature without the URL that it may stand behind, and has its
// sig redacted wherever it is shown.
// https://learn.microsoft.com/rest/api/storageservices/create-service-sas
func (s StorageSettings) checkSAS(text []byte) (string, error) {
	signature := string(text)
	if _, behind, ok := strings.Cut(signature, "?"); ok {
		signature = behind
	}
	parameters, err := url.ParseQuery(signature)
	if err != nil || parameters.Get("sv") == "" || parameters.Get("sig") == "" || strings.ContainsAny(signature, " \r\n\t") {
		return "", errNotSAS
	}
	s.Secrets.Add(parameters.Get("sig"))
	return signature, nil
}
