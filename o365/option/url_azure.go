package option

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// vaultSuffixes end the hosts of Key Vault in the clouds that offer the Management
// Activity API.
// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers
var vaultSuffixes = []string{".vault.azure.net", ".vault.usgovcloudapi.net"}

var (
	vaultForm   = regexp.MustCompile(`^[a-z0-9-]+$`)
	objectForm  = regexp.MustCompile(`^[A-Za-z0-9-]{1,127}$`)
	versionForm = regexp.MustCompile(`^[0-9A-Za-z]{1,32}$`)
)

// parseVaultURL accepts the identifier of an object in Key Vault and returns that of
// the secret of the same name: a certificate and its key are one.
// https://learn.microsoft.com/azure/key-vault/certificates/about-certificates#composition-of-a-certificate
func parseVaultURL(collections ...string) func(string) (any, error) {
	return func(text string) (any, error) {
		u, ok := parseURL(text, "https")
		if !ok || u.User != nil {
			return nil, fmt.Errorf("%s is not the URL of a Key Vault secret", quoteURL(text))
		}
		host := strings.ToLower(u.Hostname())
		i := slices.IndexFunc(vaultSuffixes, func(suffix string) bool { return strings.HasSuffix(host, suffix) })
		if i < 0 || u.Port() != "" && u.Port() != "443" {
			return nil, fmt.Errorf("%q is not the host of a Key Vault, which ends in %s", u.Host, strings.Join(vaultSuffixes, " or "))
		}
		if !vaultForm.MatchString(strings.TrimSuffix(host, vaultSuffixes[i])) {
			return nil, fmt.Errorf("%q is not the host of a Key Vault", u.Host)
		}
		parts := strings.Split(strings.Trim(u.Path, "/"), "/")
		if len(parts) < 2 || len(parts) > 3 || !slices.Contains(collections, strings.ToLower(parts[0])) ||
			!objectForm.MatchString(parts[1]) || len(parts) == 3 && !versionForm.MatchString(parts[2]) {
			return nil, fmt.Errorf("%s is not the path of a Key Vault secret", quote(u.Path))
		}
		parts[0] = "secrets"
		return "https://" + host + "/" + strings.Join(parts, "/"), nil
	}
}

// parseStorageURL accepts a container, or a folder in one, and a folder of this
// machine. What stands behind ? is not shown: it is a credential.
func parseStorageURL(text string) (any, error) {
	bare, query, _ := strings.Cut(text, "?")
	u, err := url.Parse(bare)
	switch {
	case query != "":
		return nil, fmt.Errorf("the URL has parameters; a shared access signature belongs into %s", StorageSASFile)
	case err != nil || u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("%s is not the URL of a container", quoteURL(bare))
	case u.Scheme == "file":
		if u.Host != "" || strings.Trim(u.Path, "/") == "" {
			return nil, fmt.Errorf("%s is not the URL of a folder", quote(bare))
		}
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("http:// sends records unencrypted, and is for this machine alone")
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return nil, fmt.Errorf("%s is not the URL of a container", quote(bare))
	case strings.Trim(u.Path, "/") == "":
		return nil, fmt.Errorf("%s names no container", quote(bare))
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func isLoopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
