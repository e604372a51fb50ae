package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
)

// vaultMeanings has the inner error codes of Key Vault in plain words.
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
var vaultMeanings = map[string]meaning{
	"AccessDenied":          notAllowed,
	"ForbiddenByPolicy":     notAllowed,
	"ForbiddenByRbac":       notAllowed,
	"ForbiddenByFirewall":   {"the Key Vault's firewall refuses this machine", "allow its address or subnet in the vault's Networking, or use a private endpoint"},
	"ForbiddenByConnection": {"the Key Vault is closed to public networks", "use a private endpoint, or allow this machine's network in the vault's Networking"},
	"SecretDisabled":        {"the secret in Key Vault is disabled", "enable it, or store a new version"},
	"SecretExpired":         {"the secret in Key Vault has expired", "store a new version"},
	"SecretNotYetValid":     {"the secret in Key Vault is not valid yet", "change its activation date, or store a version that is valid"},
	"SecretNotFound":        {"the Key Vault has no such secret, or it was deleted", "check its name and version in KEY; az keyvault secret recover brings a deleted one back"},
	"BadParameter":          {"the Key Vault has no such version of the secret", "check KEY; without a version it is the newest"},
}

var notAllowed = meaning{
	"the identity of this machine is not allowed to read secrets of the Key Vault",
	"give it the role Key Vault Secrets User in the vault, or with access policies the secret permission Get; it takes some minutes to have effect",
}

// explain turns an error of azsecrets into an [*Error].
func (v *keyVault) explain(ctx context.Context, err error, last *recorder) error {
	var login *Error
	cause := context.Cause(ctx)
	late := errors.Is(cause, errVaultTimeout) || errors.Is(cause, errLoginTimeout)
	switch {
	case late && last.status == http.StatusUnauthorized: // while logging in
		return machinePurpose.explain(&Error{Message: "no answer in time", Err: context.DeadlineExceeded})
	case late && last.status < 400:
		return v.unreachable(&recorder{host: orText(last.host, v.host()), err: context.DeadlineExceeded})
	case cause != nil && !late:
		return cancelled(ctx)
	case errors.As(err, &login) && !errors.Is(err, errOtherAudience):
		return v.loginFailed(login)
	case last.err != nil:
		return v.unreachable(last)
	case last.status == http.StatusUnauthorized && !errors.As(err, new(*azcore.ResponseError)):
		return v.notChallenged(err, last)
	case last.status != 0:
		return v.refused(last)
	default:
		line, _, _ := strings.Cut(err.Error(), "\n")
		return &Error{Message: v.clean(line), Plain: "the Key Vault can't be read", Err: err}
	}
}

func (v *keyVault) host() string { return strings.TrimPrefix(v.base, "https://") }

func (v *keyVault) clean(text string) string { return v.secrets.Text(text, maxVaultText) }

// maxVaultText is the longest message of Key Vault in an error. They begin with what
// is wrong, and go on with identifiers.
const maxVaultText = 200

// notChallenged is about a challenge that is not one of Key Vault.
func (v *keyVault) notChallenged(err error, last *recorder) error {
	line, _, _ := strings.Cut(err.Error(), ". ") // advice to developers
	return &Error{
		Status: last.status, Message: last.where() + v.clean(line), configuration: true,
		Plain:  "what answers in place of the Key Vault asks for another login, and gets none",
		Remedy: "check " + v.key + ", and search for a proxy or a captive portal on the way",
	}
}

// loginFailed is about the token for Key Vault.
func (v *keyVault) loginFailed(login *Error) error {
	e := *login
	if e.noEndpoint {
		e.Plain = "this machine has no identity that could read the Key Vault"
	}
	if e.Code == "AADSTS500011" {
		e.Plain = "the login service of this machine does not know Key Vaults at such addresses"
		e.Remedy = fmt.Sprintf("use a vault in the cloud of this machine: %s names one in another", v.key)
	}
	return &e
}

// unreachable is about no answer.
func (v *keyVault) unreachable(last *recorder) error {
	e := last.network(v.clean)
	var dns *net.DNSError
	if errors.As(last.err, &dns) && dns.IsNotFound && e.Plain == "" {
		e.Plain = "there is no Key Vault of this name"
		e.Remedy = "check " + v.key + "; for a vault with a private endpoint, this machine must use its DNS zone"
	}
	replace := strings.NewReplacer("the login service", "the Key Vault", "cloud and authority_host", v.key, "a private cloud signs", "a firewall signs")
	e.Plain = orText(replace.Replace(e.Plain), "the Key Vault can't be reached")
	e.Remedy = orText(replace.Replace(e.Remedy), "check network, DNS, firewall and proxy if it lasts; it is tried again")
	return e
}

// refused is about an answer without the secret.
func (v *keyVault) refused(last *recorder) error {
	e := &Error{Status: last.status, Plain: "the Key Vault can't be read"}
	e.configuration = last.status >= 400 && last.status < 500 &&
		last.status != http.StatusRequestTimeout && last.status != http.StatusTooManyRequests
	if last.status < 300 {
		e.Message, e.Plain = last.where()+last.misfit(), "the Key Vault's answer cannot be used"
		return e
	}
	answered := fmt.Sprintf("%sHTTP %d", last.where(), last.status)
	if isPage(last.body) {
		e.Message, e.Plain = answered+": "+webPage, "a web page answers in place of the Key Vault"
		e.Remedy = "let requests to this host through, and search for a proxy or a captive portal on the way"
		return e
	}
	code, message := vaultError(last.body)
	e.Message = answered
	if code != "" {
		e.Message += " " + v.clean(code)
	}
	if message != "" {
		e.Message += ": " + v.clean(message)
	}
	known, ok := vaultMeanings[code]
	switch {
	case ok:
		e.Plain, e.Remedy = known.what, strings.ReplaceAll(known.remedy, "KEY", v.key)
	case last.status == http.StatusUnauthorized:
		e.Plain = "the Key Vault does not accept the identity of this machine"
		e.Remedy = "check that the vault belongs to the tenant of that identity"
	case last.status == http.StatusForbidden:
		e.Plain, e.Remedy = notAllowed.what, notAllowed.remedy
	case last.status == http.StatusNotFound:
		known = vaultMeanings["SecretNotFound"]
		e.Plain, e.Remedy = known.what, strings.ReplaceAll(known.remedy, "KEY", v.key)
	case !e.configuration:
		e.Remedy = "nothing to do unless it lasts: it is tried again"
	}
	return e
}

// vaultError returns the innermost code of an error of Key Vault, and the first line of
// its message: the others have identifiers.
func vaultError(body []byte) (code, message string) {
	type inner struct {
		Code  string          `json:"code"`
		Inner json.RawMessage `json:"innererror"`
	}
	var fields struct {
		Error struct {
			inner
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &fields) != nil {
		return "", ""
	}
	code, message = fields.Error.Code, fields.Error.Message
	for next := fields.Error.Inner; ; {
		var deeper inner
		if json.Unmarshal(next, &deeper) != nil || deeper.Code == "" {
			break
		}
		code, next = deeper.Code, deeper.Inner
	}
	message, _, _ = strings.Cut(message, "\n")
	return code, strings.TrimSpace(message)
}
