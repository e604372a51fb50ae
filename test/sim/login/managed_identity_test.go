package login_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

func TestMachine(t *testing.T) {
	s, _, server := start(t)
	const user = "66666666-6666-4666-8666-666666666666"
	s.AddIdentity(login.Identity{TenantID: tenantID, ClientID: user, Roles: []string{"ActivityFeed.Read"}})
	query := "?api-version=2018-02-01&resource=" + url.QueryEscape(api)
	tests := []struct {
		name, path string
		header     []string
		status     int
		text       string
	}{
		{"no metadata header", login.IMDSPath + query, nil, 400, "Required metadata header not specified"},
		{"no system-assigned identity", login.IMDSPath + query, []string{"Metadata", "true"}, 400, "Identity not found"},
		{"no resource", login.IMDSPath + "?api-version=1", []string{"Metadata", "true"}, 400, "Required query variable 'resource' or 'api-version' is missing"},
		{"no identity header", login.AppServicePath + query, []string{"X-Identity-Header", "guess"}, 401, ""},
		{"IMDS", login.IMDSPath + query + "&client_id=" + user, []string{"Metadata", "true"}, 200, ""},
		{"App Service", login.AppServicePath + query + "&client_id=" + user, []string{"X-Identity-Header", s.IdentityHeader()}, 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := get(t, server, tt.path, tt.header...)
			text, _ := body["error_description"].(string)
			if status != tt.status || text != tt.text {
				t.Fatalf("%d %v", status, body)
			}
			if status == 200 {
				claims, err := s.Verify(body["access_token"].(string))
				if err != nil || claims.ClientID != user || !slices.Equal(claims.Roles, []string{"ActivityFeed.Read"}) || body["expires_in"] != "3600" {
					t.Errorf("%+v, %v, %v", claims, err, body)
				}
			}
		})
	}
	if n := s.Requests().Identity; n != len(tests) {
		t.Errorf("counted %d", n)
	}
}
