package server

import (
	"net"
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/vault"
)

// Name of the vault and of the secret in it.
const (
	vaultName  = "simulated"
	vaultEntry = "o365"
)

// MachineID is the identity of the machine that may read the vault.
const MachineID = "33333333-3333-4444-8555-666666666666"

// A Vault is a Key Vault with the application's secret, for a client that finds it
// through the proxy and logs in as the machine.
type Vault struct {
	*vault.Service
	// Settings are the options of an input that go with, or in place of, those of
	// [Server.Settings]; one that is empty is left out.
	Settings map[string]string
	// Environment has the variables of App Service.
	Environment map[string]string

	proxy *login.Proxy
}

// newVault returns a vault that is empty.
func (s *Server) newVault() *vault.Service {
	return vault.New(vault.Options{Name: vaultName, TenantID: s.opt.API.Tenants[0], Verify: s.Login.Verify})
}

// atVault leads requests for the vault's name to it.
func (s *Server) atVault(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); r.Host == s.vault.Host() || err == nil && host == s.vault.Host() {
			s.vault.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// OpenVault puts the application's secret into the vault. The server must be up.
// [Vault.Close] ends its proxy.
func (s *Server) OpenVault() (*Vault, error) {
	proxy, err := login.NewProxy(net.JoinHostPort(s.host, s.port))
	if err != nil {
		return nil, err
	}
	s.Login.AddResource(vault.Resource)
	s.Login.AddIdentity(login.Identity{TenantID: s.opt.API.Tenants[0], ClientID: MachineID, System: true})
	s.vault.Allow(MachineID)
	s.vault.Put(vaultEntry, vault.Secret{Value: s.opt.App.Secret})
	return &Vault{
		Service:     s.vault,
		Settings:    map[string]string{"client_secret": "", "client_secret_uri": s.vault.URI(vaultEntry), "proxy": "http://" + proxy.Address()},
		Environment: map[string]string{"IDENTITY_ENDPOINT": s.URL() + login.AppServicePath, "IDENTITY_HEADER": s.Login.IdentityHeader()},
		proxy:       proxy,
	}, nil
}

// Rotate stores a new version of the secret in the vault.
func (v *Vault) Rotate(secret string) { v.Put(vaultEntry, vault.Secret{Value: secret}) }

// Close ends the proxy.
func (v *Vault) Close() { v.proxy.Close() }
