package transport

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A redirect is an error, with where it leads; what is not modified is none.
func TestGuardedStatus(t *testing.T) {
	const to = "https://elsewhere.example/x?secret"
	for _, tt := range []struct {
		status   int
		location string
		want     string // of the error
	}{
		{200, "", ""},
		{299, "", ""},
		{300, to, "HTTP 300: a redirect to https://elsewhere.example"},
		{302, to, "HTTP 302: a redirect to https://elsewhere.example"},
		{302, "", "HTTP 302: a redirect without an address"},
		{304, "", ""},
		{308, to, "HTTP 308: a redirect to https://elsewhere.example"},
		{399, to, "HTTP 399: a redirect to https://elsewhere.example"},
		{400, to, ""},
	} {
		body := &closable{Reader: strings.NewReader("12345")}
		client := Guard{MaxBody: 4}.Client(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			header := http.Header{}
			if tt.location != "" {
				header.Set("Location", tt.location)
			}
			return &http.Response{StatusCode: tt.status, Header: header, Body: body, Request: r}, nil
		})})
		request := httptest.NewRequest(http.MethodGet, "https://own.example", nil)
		request.RequestURI = ""
		resp, err := client.Do(request)
		var redirect *RedirectError
		if tt.want != "" {
			if !errors.As(err, &redirect) || redirect.Error() != tt.want || !body.closed {
				t.Errorf("%d: %v, want %s", tt.status, err, tt.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d: %v", tt.status, err)
			continue
		}
		if text, err := io.ReadAll(resp.Body); string(text) != "1234" || !errors.Is(err, ErrBodyTooLarge) {
			t.Errorf("%d: %q, %v", tt.status, text, err)
		}
		resp.Body.Close()
	}
	body := &closable{Reader: strings.NewReader("secret")}
	refused := httptest.NewRequest(http.MethodPost, "https://elsewhere.example", body)
	refused.Body = body
	if _, err := (Guard{Origins: []Origin{{"https", "own.example", "443"}}}).RoundTrip(refused); !errors.As(err, new(*OriginError)) || !body.closed {
		t.Errorf("%v, the body of the request is closed: %v", err, body.closed)
	}
	if err := (Guard{}).Client(nil).CheckRedirect(nil, nil); err != http.ErrUseLastResponse {
		t.Errorf("the client follows redirects: %v", err)
	}
}
