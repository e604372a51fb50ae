package identity

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

// sink is somebody else's server, over TLS and in clear text, that keeps what it
// is sent.
type sink struct {
	tls, plain *httptest.Server

	mu   sync.Mutex
	seen []string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	keep := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, fmt.Sprint(r.Method, " ", r.URL, " ", r.Header, " ", string(body)))
	})
	s.tls, s.plain = httptest.NewUnstartedServer(keep), httptest.NewServer(keep)
	s.tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.tls.StartTLS()
	t.Cleanup(s.tls.Close)
	t.Cleanup(s.plain.Close)
	return s
}

func (s *sink) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// credentials are settings for every way to log in that sends a secret over the
// network, with what must not be sent elsewhere.
func credentials(t *testing.T) map[string]func(d *directory) Settings {
	t.Helper()
	return map[string]func(d *directory) Settings{
		"client secret": func(d *directory) Settings {
			s := d.settings()
			s.ClientSecret = secret
			return s
		},
		"certificate": func(d *directory) Settings {
			s := d.settings()
			s.CertificateFile = keep(t, "certificate.pem", firstPair().pem())
			return s
		},
		"federated token": func(d *directory) Settings {
			t.Setenv(federatedTokenFile, keep(t, "token", []byte("header.federated.signature")))
			s := d.settings()
			s.Method = WorkloadIdentity
			return s
		},
		"identity header": func(d *directory) Settings {
			t.Setenv("IDENTITY_ENDPOINT", d.server.URL+login.AppServicePath)
			t.Setenv("IDENTITY_HEADER", d.IdentityHeader())
			s := d.settings()
			s.Method, s.ClientID = ManagedIdentity, ""
			return s
		},
	}
}

// No answer of a login service sends a credential elsewhere, and one line reports
// it.
func TestCredentialStays(t *testing.T) {
	const redirected, elsewhere = "the login service answers with a redirect", "the login service names an address elsewhere"
	for _, tt := range []struct {
		name  string
		lead  func(d *directory, to string)
		plain string
		token bool // it concerns the request for a token: every credential
	}{
		{"redirect", func(d *directory, to string) {
			for _, status := range []int{301, 302, 303, 307, 308} {
				d.FailNext(1, login.Failure{Status: status, Location: to})
			}
		}, redirected, true},
		{"token endpoint", func(d *directory, to string) { d.NameTokenEndpoint(to) }, elsewhere, false},
		{"redirect of discovery", func(d *directory, to string) {
			d.FailDiscovery(9, login.Failure{Status: 307, Location: to})
		}, redirected, false},
	} {
		for kind, settings := range credentials(t) {
			if kind == "identity header" && !tt.token {
				continue // knows no discovery
			}
			t.Run(tt.name+", "+kind, func(t *testing.T) {
				noEnvironment(t)
				away := newSink(t)
				for where, to := range map[string]string{
					"another port": away.tls.URL, "clear text": away.plain.URL,
					"another host":             strings.Replace(away.tls.URL, "127.0.0.1", "localhost", 1),
					"clear text, another host": strings.Replace(away.plain.URL, "127.0.0.1", "localhost", 1),
				} {
					d := newDirectory(t, login.App{Secret: secret})
					s := settings(d)
					tt.lead(d, to+"/"+tenantID+"/oauth2/v2.0/token")
					source := open(t, s)
					for range 5 {
						_, err := source.Token(t.Context())
						if err == nil {
							t.Fatalf("%s: a token", where)
						}
						e := err.(*Error)
						if what, do, detail := e.Explain(); !strings.Contains(what, tt.plain) || do == "" || !e.Configuration() || !strings.Contains(detail, hostOf(to)) {
							t.Errorf("%s: %s: %s (%s)", where, what, do, detail)
						}
					}
				}
				if got := away.requests(); len(got) > 0 {
					t.Errorf("sent elsewhere: %q", got)
				}
			})
		}
	}
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Host
}

// A redirect to the login service itself is none that it makes: what comes back
// is not trusted either. The usual port may be written out.
func TestOwnAddresses(t *testing.T) {
	d := newDirectory(t, login.App{Secret: secret})
	s := d.settings()
	s.ClientSecret = secret
	d.FailNext(1, login.Failure{Status: 307, Location: d.server.URL + "/" + tenantID + "/oauth2/v2.0/token?again"})
	source := open(t, s)
	if _, err := source.Token(t.Context()); err == nil || d.Requests().Token != 1 {
		t.Errorf("%v after %d requests for a token", err, d.Requests().Token)
	}
	d.NameTokenEndpoint(strings.Replace(d.server.URL, "https://127", "HTTPS://127", 1) + "/" + tenantID + "/oauth2/v2.0/token")
	d.check(t, open(t, s))
	d.NameTokenEndpoint(strings.Replace(d.server.URL, "https://", "https://user@", 1) + "/" + tenantID + "/oauth2/v2.0/token")
	fail(t, s)
}

// Whatever size an answer has, little of it is read, and whatever time it takes,
// a login ends.
func TestLoginAnswersAreBounded(t *testing.T) {
	const huge, drip = 3 << 30, 10 * time.Millisecond
	for _, tt := range []struct {
		name    string
		lead    func(d *directory)
		timeout time.Duration // 0: none
		want    string
	}{
		{"token", func(d *directory) { d.FailNext(9, login.Failure{Size: huge}) }, 0, "too large"},
		{"refusal", func(d *directory) { d.FailNext(9, login.Failure{Size: huge, Status: 400}) }, 0, "too large"},
		{"discovery", func(d *directory) { d.FailDiscovery(9, login.Failure{Size: huge}) }, 0, "too large"},
		{"dripping token", func(d *directory) { d.FailNext(9, login.Failure{Size: huge, Drip: drip}) }, 5 * drip, "no answer in time"},
		{"dripping refusal", func(d *directory) { d.FailNext(9, login.Failure{Size: huge, Drip: drip, Status: 401}) }, 5 * drip, "no answer in time"},
		{"dripping discovery", func(d *directory) { d.FailDiscovery(9, login.Failure{Size: huge, Drip: drip}) }, 5 * drip, "no answer in time"},
	} {
		for kind, settings := range credentials(t) {
			if kind == "identity header" && strings.Contains(tt.name, "discovery") {
				continue
			}
			t.Run(tt.name+", "+kind, func(t *testing.T) {
				noEnvironment(t)
				d := newDirectory(t, login.App{Secret: secret})
				s := settings(d)
				client := *s.HTTP
				client.Timeout = tt.timeout
				s.HTTP = &client
				tt.lead(d)
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := open(t, s).Token(t.Context())
				runtime.ReadMemStats(&after)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
					t.Errorf("%d MB were allocated", n>>20)
				}
			})
		}
	}
}

// A host that an answer names is shown as a line, too.
func TestHostsAreShownClean(t *testing.T) {
	for host, want := range map[string]string{
		"":                                "x",
		"login.example.com:8443":          "login.example.com:8443: x",
		"\u202emoc.example":               "moc.example: x",
		"a\x1b[7mb":                       "a [7mb: x",
		strings.Repeat("a", 1<<20) + ".b": strings.Repeat("a", 197) + "...: x",
	} {
		e := (&requester{}).network(&recorder{host: host, err: errors.New("x")})
		if got := e.Error(); got != want {
			t.Errorf("%.100q is shown as %.300q", host, got)
		}
	}
}
