package identity

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// Claims are the claims of an access token that messages need.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
type Claims struct {
	AppID string // GUID in lower case, "" if the token has none; it becomes part of commands
	// Roles are the application permissions, and Scopes those of a person
	// who is logged in (azure_cli).
	Roles, Scopes []string
}

// Permits reports whether the token holds a permission.
func (c Claims) Permits(permission string) bool {
	return slices.ContainsFunc(slices.Concat(c.Roles, c.Scopes), func(held string) bool { return strings.EqualFold(held, permission) })
}

var appIDForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// ReadClaims returns the claims of an access token (a JSON Web Token), false if
// it cannot be read. The signature is not checked: the claims are for messages,
// and the API decides.
func ReadClaims(token string) (Claims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return Claims{}, false
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return Claims{}, false
	}
	var claims struct {
		AppID string   `json:"appid"` // v1.0 tokens, which this API takes
		AZP   string   `json:"azp"`   // v2.0
		Roles []string `json:"roles"`
		Scope string   `json:"scp"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return Claims{}, false
	}
	if claims.AppID == "" {
		claims.AppID = claims.AZP
	}
	claims.AppID = strings.ToLower(claims.AppID)
	if !appIDForm.MatchString(claims.AppID) {
		claims.AppID = ""
	}
	return Claims{AppID: claims.AppID, Roles: claims.Roles, Scopes: strings.Fields(claims.Scope)}, true
}
