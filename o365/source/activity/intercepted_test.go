package activity

import (
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const host = "https://example.com"

// everyCall makes each kind of call, and returns its error.
var everyCall = []struct {
	name string
	op   source.Op
	call func(t *testing.T, c *Client) error
}{
	{"subscriptions", source.OpSubscriptions, func(t *testing.T, c *Client) error { _, _, err := c.Subscriptions(t.Context()); return err }},
	{"start", source.OpStart, func(t *testing.T, c *Client) error { _, err := c.Start(t.Context(), General); return err }},
	{"list", source.OpList, func(t *testing.T, c *Client) error { return listed(t, c, "") }},
	{"next page", source.OpList, func(t *testing.T, c *Client) error { return listed(t, c, host+"/page?nextPage=2") }},
	{"download", source.OpDownload, func(t *testing.T, c *Client) error {
		body, err := c.Open(t.Context(), source.Item{URI: host + "/audit/a"})
		if err == nil {
			_, err = io.ReadAll(body)
			body.Close()
		}
		return err
	}},
}

func listed(t *testing.T, c *Client, next string) error {
	_, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, next, source.Want{})
	return err
}

// permittingTokens are those of an application that has every permission.
type permittingTokens struct{ fixedTokens }

func (*permittingTokens) Permits(string) bool { return true }
func (*permittingTokens) Doubt() string       { return "" }

// throughProxy returns a client of a service, and the name of the proxy that its
// requests go through if proxied.
func throughProxy(t *testing.T, proxied bool, timeout time.Duration, handler http.HandlerFunc) (_ *Client, proxy string) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	dial := server.Client().Transport.(*http.Transport) // which takes example.com for the server
	if proxied {
		p, err := login.NewProxy(server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		proxy = "http://" + p.Address()
		roots := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
			t.Fatal(err)
		}
		if dial, err = transport.New(transport.Options{Proxy: option.Secret(proxy), CAFile: roots, Requests: 1, Tenants: 1}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(dial.CloseIdleConnections)
	}
	c, err := New(Options{
		Endpoint: host, Tenant: tenant, Publisher: "publisher", Tokens: &permittingTokens{fixedTokens{tokens: []string{"token"}}},
		HTTP: &http.Client{Transport: transport.Trace{Next: dial, Logf: func(string, ...any) {}}}, Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, proxy
}

// What a proxy or a firewall answers in the service's place is named as that, with the
// proxy in use, and never as a missing permission or as an item that is gone.
func TestInterceptedCalls(t *testing.T) {
	const page = "<html><body>Blocked</body></html>"
	const text = "Blocked by policy 7"
	for _, proxied := range []bool{false, true} {
		for _, tt := range []struct {
			status     int
			body       string
			what, do   string // HERE: how the host is let through
			action     source.Action
			ofDownload source.Action
		}{
			{403, page, "a web page answers in place of the service", "HERE", source.Configure, source.Retry},
			{407, page, "a proxy on the way asks for a user and a password", "exempt this machine from authentication there, or name that proxy with USER:PASSWORD in the option proxy; HERE", source.Configure, source.Retry},
			{502, page, "a web page answers in place of the service", "if it lasts, HERE; it is tried again, and Microsoft keeps content for 7 days", source.Retry, source.Retry},
			{503, page, "a web page answers in place of the service", "if it lasts, HERE; it is tried again, and Microsoft keeps content for 7 days", source.Retry, source.Retry},
			{401, page, "a web page answers in place of the service", "HERE", source.Configure, source.Retry},
			{404, page, "a web page answers in place of the service", "HERE", source.Configure, source.Retry},
			{410, page, "a web page answers in place of the service", "HERE", source.Configure, source.Retry},
			{200, page, "a web page answers in place of the service", "if it lasts, HERE; it is tried again, and Microsoft keeps content for 7 days", source.Retry, source.Retry},
			{403, text, "something else answers in place of the service", "HERE", source.Configure, source.Retry},
			{407, "", "a proxy on the way asks for a user and a password", "exempt this machine from authentication there, or name that proxy with USER:PASSWORD in the option proxy; HERE", source.Configure, source.Retry},
			{502, text, "something else answers in place of the service", "if it lasts, HERE; it is tried again, and Microsoft keeps content for 7 days", source.Retry, source.Retry},
			{503, text, "something else answers in place of the service", "if it lasts, HERE; it is tried again, and Microsoft keeps content for 7 days", source.Retry, source.Retry},
		} {
			c, proxy := throughProxy(t, proxied, 30*time.Second, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Retry-After", "7200")
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			})
			for _, call := range everyCall {
				t.Run(fmt.Sprintf("%t/%d/%.5s/%s", proxied, tt.status, tt.body, call.name), func(t *testing.T) {
					err := call.call(t, c)
					got := c.Explain(err, General, "")
					through := "let example.com through at every proxy and firewall on the way (the option proxy, or HTTPS_PROXY)"
					if proxied {
						through = "let example.com through at the proxy " + proxy + " (the option proxy) and at every firewall"
					}
					do, what, action := strings.Replace(tt.do, "HERE", through, 1), tt.what, tt.action
					if call.op == source.OpDownload && tt.action != tt.ofDownload { // it is retried until it expires
						action = tt.ofDownload
						do = strings.Replace(do, through, "if it lasts, "+through+"; it is tried again, and Microsoft keeps content for 7 days", 1)
						if tt.status == 407 {
							do = strings.Replace(tt.do, "HERE", through, 1)
						}
					}
					if got.What != what || got.Do != do || got.Topic != source.Service {
						t.Errorf("got  %+v\nwant %q, %q", got, what, do)
					}
					if decide(err) != action || strings.Contains(err.Error(), "html") {
						t.Errorf("%v is decided as %v, want %v", err, decide(err), action)
					}
					var refused *source.Error
					if errors.As(err, &refused) && (refused.RetryAfter != 2*time.Hour || !refused.Date.IsZero() || refused.Status != tt.status) {
						t.Errorf("the refusal is %+v", refused)
					}
				})
			}
		}
	}
}

// A refusal in the service's own form is its own, also without a code: the permission
// is missing only if the token lacks it.
func TestRefusalsOfTheService(t *testing.T) {
	const missing = "the app may not read the audit log (ActivityFeed.Read is missing)"
	const held = "the service refuses the requests, though the token holds the permission (ActivityFeed.Read)"
	for _, tt := range []struct {
		status  int
		body    string
		permits bool
		what    string
	}{
		{401, `{"Message":"Authorization has been denied for this request."}`, false, missing},
		{401, `{"Message":"Authorization has been denied for this request."}`, true, held},
		{403, `{"error":{"code":"","message":"Forbidden"}}`, false, missing},
		{403, `{"error":{"code":"","message":"Forbidden"}}`, true, held},
		{403, ``, false, missing},
		{403, ``, true, held},
		{401, `{"error":{"code":"AF10001","message":"No."}}`, false, missing},
		{401, `{"error":{"code":"AF10001","message":"No."}}`, true, held},
		{403, `{'error':{'code':'AF429','message':'Too many requests.'}}`, true, "requests fail"},
		{403, `Too many requests.`, true, "requests fail"},
		{503, ``, true, "requests fail"},
	} {
		c, _ := throughProxy(t, false, 30*time.Second, func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.body)
		})
		if !tt.permits {
			c.tokens = &fixedTokens{tokens: []string{"token"}}
		}
		for _, call := range everyCall {
			if got := c.Explain(call.call(t, c), General, ""); got.What != tt.what {
				t.Errorf("%d %s, %s, permits %t: %+v, want %q", tt.status, tt.body, call.name, tt.permits, got, tt.what)
			}
		}
	}
}

// A call that gets no answer in time names the proxy that it went through.
func TestStalledCallsNameTheProxy(t *testing.T) {
	for _, begins := range []bool{false, true} {
		c, proxy := throughProxy(t, true, 300*time.Millisecond, func(w http.ResponseWriter, r *http.Request) {
			if begins {
				fmt.Fprint(w, "[")
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		})
		for _, call := range everyCall {
			if begins && call.op == source.OpStart {
				continue // its answer is an object
			}
			err := call.call(t, c)
			var timeout interface{ Timeout() bool }
			if !errors.Is(err, transport.ErrStalled) || !errors.As(err, &timeout) || !timeout.Timeout() || decide(err) != source.Retry {
				t.Errorf("%s: %v", call.name, err)
			}
			got := c.Explain(err, General, "")
			if got.What != "no answer comes through the proxy in time" || !strings.HasPrefix(got.Do, "check the proxy "+proxy+" (the option proxy)") ||
				!strings.HasSuffix(got.Detail, "no answer within request_timeout, through the proxy "+proxy) {
				t.Errorf("%s: %+v", call.name, got)
			}
		}
	}
}
