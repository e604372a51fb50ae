package login_test

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func TestDiscovery(t *testing.T) {
	s, _, server := start(t)
	host := strings.TrimPrefix(server.URL, "https://")
	_, body := get(t, server, "/common/discovery/instance?api-version=1.1&authorization_endpoint="+
		url.QueryEscape("https://login.microsoftonline.com/"+tenantID+"/oauth2/v2.0/authorize"))
	if want := "https://login.microsoftonline.com/" + tenantID + "/v2.0/.well-known/openid-configuration"; body["tenant_discovery_endpoint"] != want {
		t.Errorf("instance discovery %v", body)
	}
	if status, body := get(t, server, "/common/discovery/instance"); status != 400 || body["error"] != "invalid_instance" {
		t.Errorf("instance discovery of nothing: %d %v", status, body)
	}
	_, body = get(t, server, "/contoso.example.com/v2.0/.well-known/openid-configuration")
	if want := "https://" + host + "/" + tenantID + "/oauth2/v2.0/token"; body["token_endpoint"] != want {
		t.Errorf("configuration %v", body)
	}
	if status, body := get(t, server, "/x/v2.0/.well-known/openid-configuration"); status != 400 || body["error"] != "invalid_tenant" {
		t.Errorf("unknown tenant: %d %v", status, body)
	}

	// Whoever reads the published key can check a token.
	token, err := s.Issue(tenantID, clientID, api)
	if err != nil {
		t.Fatal(err)
	}
	_, body = get(t, server, "/"+tenantID+"/discovery/v2.0/keys")
	published := body["keys"].([]any)[0].(map[string]any)
	number := func(name string) *big.Int {
		data, err := base64.RawURLEncoding.DecodeString(published[name].(string))
		if err != nil {
			t.Fatal(err)
		}
		return new(big.Int).SetBytes(data)
	}
	key := &rsa.PublicKey{N: number("n"), E: int(number("e").Int64())}
	parsed, err := jwt.NewParser(jwt.WithoutClaimsValidation()).Parse(token, func(*jwt.Token) (any, error) { return key, nil })
	if err != nil || parsed.Header["kid"] != published["kid"] {
		t.Errorf("token does not fit the published key: %v", err)
	}
}
