package identity

import (
	"context"
	"errors"
	"os"
	"os/exec"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A machine is the identity that Azure gives the machine, or the pod: its workload
// identity, otherwise its managed identity. Where there is neither, it is that of the
// person who is logged in to the Azure CLI. The environment names all of them, as it
// does for Microsoft's own programs.
type machine struct {
	given, person *Source
}

// newMachineIdentity returns the identity for the service at a domain. HTTP client,
// redactor and, where the environment has none, the tenant are those of s.
func newMachineIdentity(s Settings, domain string) (*machine, error) {
	tenant := s.TenantID
	s = Settings{
		Method: ManagedIdentity, TenantID: os.Getenv(federatedTenantID), ClientID: os.Getenv(federatedClientID),
		Audience: "https://" + domain, HTTP: s.HTTP, Secrets: s.Secrets,
	}
	s.AuthorityHost, s.CustomAuthority = authorityFor(domain)
	if os.Getenv(federatedTokenFile) != "" {
		s.Method, s.TenantID = WorkloadIdentity, orText(s.TenantID, tenant)
	}
	given, err := newSource(s, machinePurpose)
	if err != nil {
		return nil, err
	}
	s.Method, s.TenantID = AzureCLI, os.Getenv(federatedTenantID)
	person, err := newSource(s, machinePurpose)
	return &machine{given: given, person: person}, err
}

// GetToken implements [azcore.TokenCredential].
func (m *machine) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := m.given.GetToken(ctx, o)
	var e *Error
	if !errors.As(err, &e) || !e.noEndpoint {
		return token, err
	}
	if _, missing := exec.LookPath("az"); missing != nil {
		return token, err
	}
	return m.person.GetToken(ctx, o)
}
