package identity

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// goText finds what only a Go program would say of an answer.
func goText(text string) string {
	for _, s := range []string{"json:", "Go value", "Go struct", "unmarshal", "invalid character", "looking for beginning", "TenantDiscoveryResponse", "ResolveEndpoints", "decode error", "asn1"} {
		if strings.Contains(text, s) {
			return s
		}
	}
	return ""
}

// Reports: ddbnl#63, wazuh/wazuh#16485, counteractive/o365beat#21. Every wrong body,
// for the token and for discovery, is named for what it is.
func TestWrongAnswers(t *testing.T) {
	const (
		page  = "a web page came instead of JSON: is a proxy or a firewall between?"
		wrong = "AADSTS7000215: Invalid client secret provided"
	)
	for _, tt := range []struct {
		name             string
		failure          login.Failure
		token, discovery string // details, behind the host
		configuration    bool
	}{
		{"error object with status 200", login.Failure{Code: 7000215, Status: 200}, wrong, wrong, true},
		{"error object with status 201", login.Failure{Code: 7000215, Status: 201}, wrong, wrong, true},
		{"error object with a BOM", login.Failure{Code: 7000215, BOM: true}, wrong, wrong, true},
		{"error object with status 200 and a BOM", login.Failure{Code: 7000215, Status: 200, BOM: true}, wrong, wrong, true},
		{"passing error object with status 200", login.Failure{Code: 90033, Status: 200}, "AADSTS90033: A transient error has occurred", "AADSTS90033: A transient error has occurred", false},
		{"error object without a code", login.Failure{Text: `{"error":"invalid_client","error_description":"No such thing."}`}, "HTTP 200: No such thing", "HTTP 200: No such thing", true},
		{"error word alone", login.Failure{Text: `{"error":"temporarily_unavailable"}`}, "HTTP 200: temporarily_unavailable", "HTTP 200: temporarily_unavailable", false},
		{"error in an object", login.Failure{Text: `{"error":{"code":"Forbidden","message":"Not here."}}`}, "HTTP 200: Not here", "HTTP 200: Not here", false},
		{"error in an object with a status", login.Failure{Status: 403, Text: `{"error":{"code":"Forbidden","message":"Not here."}}`}, "HTTP 403: Not here", "HTTP 403: Not here", true},
		{"codes as text", login.Failure{Text: `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":["7000215"]}`}, wrong, wrong, true},
		{"web page", login.Failure{Page: true}, "HTTP 200: " + page, "HTTP 200: " + page, false},
		{"web page with status 201", login.Failure{Page: true, Status: 201}, "HTTP 201: " + page, "HTTP 201: " + page, false},
		{"web page with status 403", login.Failure{Page: true, Status: 403}, "HTTP 403: " + page, "HTTP 403: " + page, true},
		{"web page as JSON", login.Failure{Text: "\ufeff\r\n <html>"}, "HTTP 200: " + page, "HTTP 200: " + page, false},
		{"nothing", login.Failure{Empty: true}, "HTTP 200: an empty answer", "HTTP 200: an empty answer", false},
		{"nothing with status 204", login.Failure{Empty: true, Status: 204}, "HTTP 204: an empty answer", "HTTP 204: an empty answer", false},
		{"nothing but a BOM", login.Failure{Text: "\ufeff"}, "HTTP 200: an empty answer", "HTTP 200: an empty answer", false},
		{"blanks", login.Failure{Text: " \r\n"}, "HTTP 200: an empty answer", "HTTP 200: an empty answer", false},
		{"text", login.Failure{Text: "upstream connect error"}, "HTTP 200: text instead of JSON", "HTTP 200: text instead of JSON", false},
		{"JSON, cut off", login.Failure{Text: `{"access_token":"a`}, "HTTP 200: JSON that is damaged or cut off", "HTTP 200: JSON that is damaged or cut off", false},
		{"an array", login.Failure{Text: `[{"error":"x"}]`}, "HTTP 200: JSON that is no object", "HTTP 200: JSON that is no object", false},
		{"null", login.Failure{Text: `null`}, "HTTP 200: JSON that is no object", "HTTP 200: JSON that is no object", false},
		{"an object without what is needed", login.Failure{Text: `{}`}, "HTTP 200: an answer without access_token", "HTTP 200: an answer without token_endpoint", false},
		{"other types", login.Failure{Text: `{"access_token":7,"token_endpoint":{},"issuer":[]}`}, "HTTP 200: an answer without access_token", "HTTP 200: an answer without token_endpoint", false},
		{"one of other types", login.Failure{Text: `{"access_token":"a.b.c","expires_in":{},"token_endpoint":"https://x","issuer":"https://x","authorization_endpoint":[]}`},
			"HTTP 200: an answer that cannot be used", "HTTP 200: an answer without authorization_endpoint", false},
	} {
		for _, discovery := range []bool{false, true} {
			name, want := tt.name+", token", tt.token
			if discovery {
				name, want = tt.name+", discovery", tt.discovery
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				d := newDirectory(t, login.App{Secret: secret})
				s := d.settings()
				s.ClientSecret = secret
				if discovery {
					d.FailDiscovery(9, tt.failure)
				} else {
					d.FailNext(9, tt.failure)
				}
				e := fail(t, s)
				what, do, detail := e.Explain()
				if got := strings.TrimPrefix(detail, strings.TrimPrefix(d.server.URL, "https://")+": "); got != want {
					t.Errorf("detail\n%s\nwant\n%s", got, want)
				}
				if e.Configuration() != tt.configuration {
					t.Errorf("Configuration = %v", e.Configuration())
				}
				for _, text := range []string{e.Error(), what, do, detail} {
					if found := goText(text); found != "" {
						t.Errorf("%q is in %s", found, text)
					}
				}
				d.FailNext(0, login.Failure{})
				d.FailDiscovery(0, login.Failure{})
				d.check(t, open(t, s))
			})
		}
	}
}

// The codes of an answer are those that can be codes, else the one in its description.
func TestReadAnswer(t *testing.T) {
	for body, want := range map[string]answer{
		`{"error":"x","error_codes":[7000215,50076]}`:                               {word: "x", codes: []int{7000215, 50076}},
		`{"error":"x","error_codes":[0,-1,"50076",1.5,null]}`:                       {word: "x", codes: []int{50076}},
		`{"error":"x","error_codes":[0],"error_description":"AADSTS50076: y"}`:      {word: "x", codes: []int{50076}, description: "AADSTS50076: y"},
		`{"error":"x","error_codes":[50076],"error_description":"AADSTS700016: y"}`: {word: "x", codes: []int{50076}, description: "AADSTS700016: y"},
		`{"error":{"code":"a","message":"b"}}`:                                      {word: "a", description: "b"},
		`{"error":"x","message":"b"}`:                                               {word: "x", description: "b"},
		`{"error":"x","message":"b","error_description":"c"}`:                       {word: "x", description: "c"},
		`{"error":"x","error_codes":"none","error_description":7}`:                  {word: "x"},
	} {
		if got, ok := readAnswer([]byte(body)); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
	for _, body := range []string{``, `{}`, `{"message":"b"}`, `{"error":""}`, `"error"`, `{"error":"x"`} {
		if got, ok := readAnswer([]byte(body)); ok {
			t.Errorf("%s: an error, %+v", body, got)
		}
	}
}

// A BOM before the right answer does no harm.
func TestAnswersWithBOM(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	s := d.settings()
	s.ClientSecret = secret
	d.FailDiscovery(9, login.Failure{BOM: true})
	d.FailNext(9, login.Failure{BOM: true})
	d.check(t, open(t, s))
}

// The same of the endpoint of a managed identity.
func TestWrongIdentityAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		failure login.Failure
		want    string
	}{
		"web page": {login.Failure{Page: true}, "HTTP 200: a web page came instead of JSON: is a proxy or a firewall between?"},
		"nothing":  {login.Failure{Empty: true}, "HTTP 200: an empty answer"},
		"types":    {login.Failure{Text: `{"access_token":7}`}, "HTTP 200: an answer without access_token"},
		"error":    {login.Failure{Text: `{"error":"invalid_request","error_description":"Identity not found"}`}, "HTTP 200: Identity not found"},
	} {
		t.Run(name, func(t *testing.T) {
			noEnvironment(t)
			d := newMachine(t)
			t.Setenv("IDENTITY_ENDPOINT", d.server.URL+login.AppServicePath)
			t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
			s := d.settings()
			s.Method, s.ClientID = ManagedIdentity, ""
			d.FailNext(9, tt.failure)
			e := fail(t, s)
			if _, _, detail := e.Explain(); !strings.HasSuffix(detail, ": "+tt.want) || goText(e.Error()) != "" {
				t.Errorf("%s", e)
			}
		})
	}
}

// What az prints instead of a token is not shown as a JSON error either.
func TestWrongCLIAnswer(t *testing.T) {
	for _, printed := range []string{"<html>", "", "[]", `{"accessToken":7}`, `{"accessToken":"x","expiresOn":{}}`, `{}`} {
		cliScript(t, "printf '%s' '"+printed+"'")
		s := complete()
		s.Method = AzureCLI
		e := fail(t, s)
		if what, do, detail := e.Explain(); goText(what+do+detail+e.Error()) != "" || !strings.Contains(detail, "az") {
			t.Errorf("%q: %s: %s (%s)", printed, what, do, detail)
		}
	}
}

// behindProxy returns settings that reach the directory as example.com through a
// proxy only.
func behindProxy(t *testing.T, d *directory) (Settings, *login.Proxy) {
	t.Helper()
	p, err := login.NewProxy(d.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: d.server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := transport.New(transport.Options{Proxy: option.Secret("http://me:my-word@" + p.Address()), CAFile: caFile, Requests: 1, Tenants: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(base.CloseIdleConnections)
	s := d.settings()
	s.ClientSecret, s.AuthorityHost, s.HTTP = secret, "https://example.com", &http.Client{Transport: base}
	return s, p
}

// Reports: azure-cli#14812, #25126. The login names the proxy, the option, and who
// has to act.
func TestLoginThroughProxy(t *testing.T) {
	for _, tt := range []struct {
		name          string
		fault         login.ProxyFault
		answer        login.Failure
		what, do      string
		detail        string // PROXY stands for the proxy
		configuration bool
	}{
		{"407", login.ProxyFault{Status: 407}, login.Failure{}, "the proxy refuses the user and the password",
			"put USER:PASSWORD, percent-encoded, into the URL in the option proxy", "proxy PROXY: HTTP 407 Proxy Authentication Required", true},
		{"403", login.ProxyFault{Status: 403}, login.Failure{}, "the proxy refuses the connection",
			"let example.com through at the proxy, or name another one in the option proxy", "proxy PROXY: HTTP 403 Forbidden", true},
		{"502", login.ProxyFault{Status: 502}, login.Failure{}, "the proxy can't reach the service",
			"check network and DNS of the proxy if it lasts, and the option proxy; it is tried again, and Microsoft keeps content for 7 days", "proxy PROXY: HTTP 502 Bad Gateway", false},
		{"hang", login.ProxyFault{Hang: true}, login.Failure{}, "the proxy can't be reached",
			"check the option proxy and whether the proxy runs; it is tried again, and Microsoft keeps content for 7 days", "proxy PROXY: no answer in time", false},
		{"a page with 403", login.ProxyFault{}, login.Failure{Page: true, Status: 403}, "a web page answers in place of the login service",
			"let example.com through at the proxy PROXY (the option proxy) and at every firewall; check authority_host", "example.com: HTTP 403: a web page came instead of JSON: is a proxy or a firewall between?", true},
		{"a page with 200", login.ProxyFault{}, login.Failure{Page: true}, "a web page answers in place of the login service",
			"let example.com through at the proxy PROXY (the option proxy) and at every firewall; check authority_host", "example.com: HTTP 200: a web page came instead of JSON: is a proxy or a firewall between?", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := newDirectory(t, login.App{Secret: secret})
			s, p := behindProxy(t, d)
			if tt.fault.Hang {
				s.HTTP.Timeout = 200e6
			}
			p.Fail(tt.fault)
			if tt.answer.Page {
				d.FailNext(9, tt.answer)
			}
			e := fail(t, s)
			what, do, detail := e.Explain()
			named := strings.NewReplacer("http://"+p.Address(), "PROXY")
			if what != tt.what || named.Replace(do) != tt.do || named.Replace(detail) != tt.detail || e.Configuration() != tt.configuration {
				t.Errorf("got\n%s\n%s\n%s\n%v\nwant\n%s\n%s\n%s", what, do, detail, e.Configuration(), tt.what, tt.do, tt.detail)
			}
			if strings.Contains(what+do+detail+e.Error(), "my-word") {
				t.Error("the password is shown")
			}
		})
	}
	t.Run("hang behind the proxy", func(t *testing.T) {
		d := newDirectory(t, login.App{Secret: secret})
		s, p := behindProxy(t, d)
		d.check(t, open(t, s)) // so that there is a connection
		d.SetDelay(time.Hour)
		s.HTTP.Timeout = 200e6
		proxy := "http://" + p.Address()
		what, do, detail := fail(t, s).Explain()
		if what != "no answer comes through the proxy in time" || !strings.HasPrefix(do, "check the proxy "+proxy+" (the option proxy) and its way to the service") ||
			detail != "example.com: no answer in time, through the proxy "+proxy {
			t.Errorf("got\n%s\n%s\n%s", what, do, detail)
		}
	})
	d := newDirectory(t, login.App{Secret: secret})
	s, p := behindProxy(t, d)
	d.check(t, open(t, s))
	if asked := p.Asked(); len(asked) == 0 || asked[0] != "example.com:443" {
		t.Errorf("the proxy was asked for %q", asked)
	}
}

// A middlebox without a proxy is one, too.
func TestWebPageWithoutProxy(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	s := d.settings()
	s.ClientSecret, s.CustomAuthority = secret, false
	s.AuthorityHost = "" // the enterprise cloud's
	s.HTTP = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 403, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("<html>")), Request: r}, nil
	})}
	var e *Error
	if _, err := open(t, s).Token(t.Context()); !errors.As(err, &e) {
		t.Fatal(err)
	}
	if what, do, _ := e.Explain(); what != "a web page answers in place of the login service" ||
		do != "let login.microsoftonline.com through at every proxy and firewall on the way (the option proxy, or HTTPS_PROXY)" || !e.Configuration() {
		t.Errorf("%s: %s", what, do)
	}
}
