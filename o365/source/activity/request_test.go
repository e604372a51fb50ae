package activity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

const tenant = "11111111-2222-3333-4444-555555555555"

// fixedTokens gives one token after the other, the next after each rejection.
type fixedTokens struct {
	mu     sync.Mutex
	tokens []string
	err    error
}

func (f *fixedTokens) Token(context.Context) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens[0], f.err
}

func (f *fixedTokens) Reject(token string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tokens[0] == token && len(f.tokens) > 1 {
		f.tokens = f.tokens[1:]
	}
}

// serve starts a service and returns a client of it; timeout 0 means 30 seconds.
func serve(t *testing.T, tokens *fixedTokens, timeout time.Duration, handler http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	if tokens == nil {
		tokens = &fixedTokens{tokens: []string{"token"}}
	}
	if timeout == 0 {
		timeout = 30 * time.Second
	}
	c, err := New(Options{
		Endpoint: server.URL, Tenant: tenant, Publisher: "publisher", Tokens: tokens,
		HTTP: server.Client(), Timeout: timeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, server
}

// After every call its body is closed, but for that of a download, and its outcome is
// observed.
func TestEndsOfCalls(t *testing.T) {
	reset := errors.New("connection reset")
	for _, tt := range []struct {
		status int
		body   string
		err    error
		want   string // what is observed
	}{
		{200, `[]`, nil, ""},
		{200, `{"contentType":"Audit.General","Id":"x"}`, nil, ""},
		{200, `none`, nil, "body is not"},
		{500, `{}`, nil, "HTTP 500"},
		{401, `{}`, nil, "HTTP 401"},
		{0, ``, reset, "connection reset"},
	} {
		var open, asked int
		c := client(t, func(r *http.Request) (*http.Response, error) {
			asked++
			if tt.err != nil {
				return nil, tt.err
			}
			open++
			resp, err := answer(r, tt.status, http.Header{}, nil)
			resp.Body = closer{strings.NewReader(tt.body), &open}
			return resp, err
		})
		var observed []string
		c.observe = func(op source.Op, err error) { observed = append(observed, fmt.Sprint(op, " ", errorText(err))) }
		_, _, _ = c.Subscriptions(t.Context())
		_, _ = c.Start(t.Context(), General)
		_, _ = c.List(t.Context(), General, source.Span{}, "", source.Want{})
		if body, err := c.Open(t.Context(), source.Item{URI: "/item"}); err == nil {
			body.Close()
		}
		if open != 0 {
			t.Errorf("%d %s: %d bodies are not closed", tt.status, tt.body, open)
		}
		if len(observed) != asked || asked < 4 || !slices.ContainsFunc(observed, func(o string) bool { return strings.Contains(o, tt.want) }) {
			t.Errorf("%d %s: observed %q of %d", tt.status, tt.body, observed, asked)
		}
	}
}

// closer is a body that counts when it is closed.
type closer struct {
	io.Reader
	open *int
}

func (c closer) Close() error {
	*c.open--
	return nil
}

// The publisher is added as a parameter where an address has none, in any case.
func TestPublisher(t *testing.T) {
	c, err := New(Options{Endpoint: "https://manage.office.com", Tenant: tenant, Publisher: "a&b"})
	if err != nil {
		t.Fatal(err)
	}
	for ref, want := range map[string]string{
		"/x": "PublisherIdentifier=a%26b", "/x?a=$1": "a=$1&PublisherIdentifier=a%26b",
		"/x?publisherIDENTIFIER=c": "publisherIDENTIFIER=c", "/x?PublisherIdentifier=c&a=1": "PublisherIdentifier=c&a=1",
	} {
		if u, err := c.resolve(ref); err != nil || u.RawQuery != want {
			t.Errorf("%s: %v, %v, want %s", ref, u, err, want)
		}
	}
}

func TestEndpoints(t *testing.T) {
	for endpoint, ok := range map[string]bool{
		"https://manage.office.com": true, "https://manage.office.com:444/": true,
		"": false, "manage.office.com": false, "http://manage.office.com": false, "https:///x": false, "https://a b": false,
	} {
		if _, err := New(Options{Endpoint: endpoint, Tenant: tenant}); (err == nil) != ok {
			t.Errorf("%q: %v", endpoint, err)
		}
	}
}

func TestEveryCallIsWellFormed(t *testing.T) {
	var seen []string
	c, server := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery)
		if got := r.Header.Get("Authorization"); got != "Bearer token" {
			t.Errorf("authorization is %q", got)
		}
		if r.Method == http.MethodPost {
			fmt.Fprint(w, `{"contentType":"DLP.All","status":"enabled","webhook":null}`)
			return
		}
		fmt.Fprint(w, "[]")
	})
	ctx := t.Context()
	from := time.Date(2026, 8, 1, 12, 0, 0, 0, time.FixedZone("", 7200))
	_, _, err1 := c.Subscriptions(ctx)
	_, err2 := c.Start(ctx, DLP)
	_, err3 := c.List(ctx, Exchange, source.Span{From: from, To: from.Add(time.Hour)}, "", source.Want{})
	body, err4 := c.Open(ctx, source.Item{URI: server.URL + "/api/v1.0/" + tenant + "/activity/feed/audit/2020$x$y"})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	body.Close()
	feed := "/api/v1.0/" + tenant + "/activity/feed/"
	want := []string{
		"GET " + feed + "subscriptions/list?PublisherIdentifier=publisher",
		"POST " + feed + "subscriptions/start?contentType=DLP.All&PublisherIdentifier=publisher",
		"GET " + feed + "subscriptions/content?contentType=Audit.Exchange&startTime=2026-08-01T10:00:00&endTime=2026-08-01T11:00:00&PublisherIdentifier=publisher",
		"GET " + feed + "audit/2020$x$y?PublisherIdentifier=publisher",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("calls were\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
	}
}

func TestTokenStaysWithTheEndpoint(t *testing.T) {
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("another host was called")
	}))
	t.Cleanup(other.Close)
	c, server := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusFound)
	})
	for _, uri := range []string{
		other.URL + "/api/v1.0/t/activity/feed/audit/1",
		strings.Replace(server.URL, "https", "http", 1) + "/audit/1",
		strings.Replace(server.URL, "https://", "https://user@", 1),
		"//" + strings.TrimPrefix(other.URL, "https://") + "/x",
		"ftp://x",
	} {
		var foreign *transport.OriginError
		if _, err := c.Open(t.Context(), source.Item{URI: uri}); !errors.As(err, &foreign) {
			t.Errorf("%s: got %v", uri, err)
		}
		if _, err := c.List(t.Context(), General, source.Span{}, uri, source.Want{}); !errors.As(err, &foreign) {
			t.Errorf("%s as next page: got %v", uri, err)
		}
	}
	var refusal *source.Error
	if _, err := c.Open(t.Context(), source.Item{URI: server.URL}); !errors.As(err, &refusal) || refusal.Status != http.StatusFound {
		t.Errorf("a redirection gives %v", err)
	}
}

func TestRefusedTokenIsReplacedOnce(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tokens []string
		want   string
	}{
		{"stale", []string{"stale", "good"}, ""},
		{"no permission", []string{"stale", "stale too", "good"}, `download: HTTP 401: Authorization has been denied for this request.`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, server := serve(t, &fixedTokens{tokens: tt.tokens}, 0, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer good" {
					w.WriteHeader(http.StatusUnauthorized)
					fmt.Fprint(w, `{"Message":"Authorization has been denied for this request."}`)
					return
				}
				fmt.Fprint(w, "[]")
			})
			body, err := c.Open(t.Context(), source.Item{URI: server.URL})
			if err == nil {
				body.Close()
			}
			if got := errorText(err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestStartOfAStartedSubscription(t *testing.T) {
	c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"code":"AF20024","message":"The subscription is already enabled. No property change."}}`)
	})
	if started, err := c.Start(t.Context(), General); started || err != nil {
		t.Errorf("started: %t, %v", started, err)
	}
}

// A download may take an hour, any other answer five minutes.
func TestDownloadsMayTakeLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := client(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200, http.Header{}, steady{}) })
		begun := time.Now()
		_, err := c.List(t.Context(), General, source.Span{}, "", source.Want{})
		if took := time.Since(begun); errorText(err) != "list: answer: read body: the answer takes longer than 5m0s" || took > maxCallTime+10*time.Second {
			t.Errorf("listing: %v after %s", err, took)
		}
		body, err := c.Open(t.Context(), source.Item{URI: "https://manage.office.com/x"})
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		begun = time.Now()
		_, err = io.Copy(io.Discard, body)
		if took := time.Since(begun); errorText(err) != "the answer takes longer than 1h0m0s" || took < maxDownloadTime {
			t.Errorf("download: %v after %s", err, took)
		}
	})
}

// steady is an answer that never ends, a KB every 100 ms.
type steady struct{}

func (steady) Read(p []byte) (int, error) {
	time.Sleep(100 * time.Millisecond)
	n := copy(p, "[")
	for n < min(len(p), 1<<10) {
		p[n] = ' '
		n++
	}
	return n, nil
}
