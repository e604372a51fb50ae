package identity

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// A Method is a way of logging in: the value of the option auth.
type Method string

// The ways of logging in.
const (
	// Auto is the first of these whose settings exist: ClientSecret,
	// Certificate, WorkloadIdentity (by the environment that Azure's webhook
	// sets), otherwise ManagedIdentity. It never chooses AzureCLI: the login of
	// a person is used only if the option names it.
	Auto             Method = "auto"
	ClientSecret     Method = "client_secret"
	Certificate      Method = "certificate"
	WorkloadIdentity Method = "workload_identity"
	ManagedIdentity  Method = "managed_identity"
	AzureCLI         Method = "azure_cli"
)

// Methods returns the ways of logging in, Auto first.
func Methods() []Method {
	return []Method{Auto, ClientSecret, Certificate, WorkloadIdentity, ManagedIdentity, AzureCLI}
}

// Variables that the Azure workload identity webhook adds to the environment of a
// pod.
// https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html
const (
	federatedTokenFile = "AZURE_FEDERATED_TOKEN_FILE"
	federatedClientID  = "AZURE_CLIENT_ID"
	federatedTenantID  = "AZURE_TENANT_ID"
)

// tenantPattern also takes domain names, which Entra takes for a GUID.
var tenantPattern = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// choose returns the method and checks that its settings exist.
func choose(s Settings) (Method, error) {
	if err := s.checkURLs(); err != nil {
		return "", err
	}
	method := s.Method
	if method == "" || method == Auto {
		switch {
		case s.ClientSecret != "" || s.ClientSecretFile != "" || s.ClientSecretURI != "":
			method = ClientSecret
		case s.CertificateFile != "" || s.CertificateURI != "":
			method = Certificate
		case os.Getenv(federatedTokenFile) != "" && s.client() != "":
			method = WorkloadIdentity
		default:
			method = ManagedIdentity
		}
	}
	missing := func(keys string) error {
		return fmt.Errorf("%s %s: %s is missing (is the variable empty?)", option.Auth, method, keys)
	}
	switch method {
	case ClientSecret:
		switch {
		case s.ClientSecret == "" && s.ClientSecretFile == "" && s.ClientSecretURI == "":
			return "", missing("client_secret or client_secret_file")
		case s.ClientSecret != "" && s.ClientSecretFile != "":
			return "", notBoth(option.ClientSecret, option.ClientSecretFile)
		case s.ClientSecretURI != "" && (s.ClientSecret != "" || s.ClientSecretFile != ""):
			return "", notBoth(option.ClientSecretURI, option.ClientSecret+" or "+option.ClientSecretFile)
		case s.ClientSecret != "" && s.ClientSecret.IsBlank():
			return "", fmt.Errorf("%s: %w", option.ClientSecret, errBlank)
		}
	case Certificate:
		switch {
		case s.CertificateFile == "" && s.CertificateURI == "":
			return "", missing(option.CertificateFile)
		case s.CertificateFile != "" && s.CertificateURI != "":
			return "", notBoth(option.CertificateFile, option.CertificateURI)
		}
	case WorkloadIdentity:
		if os.Getenv(federatedTokenFile) == "" {
			return "", missing("environment variable " + federatedTokenFile)
		}
		if s.client() == "" {
			return "", missing("client_id (or environment variable " + federatedClientID + ")")
		}
	case ManagedIdentity, AzureCLI:
		return method, nil
	default:
		return "", fmt.Errorf("%s %q: want one of %v", option.Auth, method, Methods())
	}
	if s.TenantID == "" {
		return "", missing(option.TenantID)
	}
	if !tenantPattern.MatchString(s.TenantID) {
		return "", fmt.Errorf("%s %q: want a directory (tenant) GUID", option.TenantID, s.TenantID)
	}
	if s.ClientID == "" && method != WorkloadIdentity {
		return "", missing(option.ClientID)
	}
	return method, nil
}

func notBoth(key, other string) error { return fmt.Errorf("%s: set it or %s, not both", key, other) }

// errBlank is the mistake in a secret of which a variable left nothing.
var errBlank = errors.New("nothing but quotes or blanks is in it (is the variable empty?)")

// client returns the application id, which a workload may get from its pod.
func (s Settings) client() string {
	if s.ClientID != "" {
		return s.ClientID
	}
	return os.Getenv(federatedClientID)
}

func (s Settings) checkURLs() error {
	if u, err := url.Parse(s.Audience); err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("endpoint %q: want a URL such as https://manage.office.com", s.Audience)
	}
	if s.AuthorityHost == "" {
		return nil
	}
	if u, err := url.Parse(s.AuthorityHost); err != nil || u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s %q: want an https URL such as https://login.microsoftonline.com", option.AuthorityHost, s.AuthorityHost)
	}
	return nil
}
