package transport

import (
	"net/http"
	"net/url"
	"time"
)

// Trace is a round tripper that logs each request to the API: method, path,
// content type and time span asked for, status and duration.
type Trace struct {
	Next http.RoundTripper
	// Logf logs a line. Errors of Next are part of it: Logf redacts secrets.
	Logf func(format string, args ...any)
}

// RoundTrip implements [http.RoundTripper].
func (t Trace) RoundTrip(r *http.Request) (*http.Response, error) {
	begun := time.Now()
	resp, err := send(t.Next, r)
	took := time.Since(begun).Round(time.Millisecond)
	if err != nil {
		t.Logf("%s %s: no answer after %s: %v", r.Method, address(r.URL), took, err)
	} else {
		t.Logf("%s %s: %d after %s", r.Method, address(r.URL), resp.StatusCode, took)
	}
	return resp, err
}

// address returns the path of a URL with the parameters that say what is asked
// for. Others are left out: they may hold a paging token.
func address(u *url.URL) string {
	shown := url.Values{}
	for name, values := range u.Query() {
		switch name {
		case "contentType", "startTime", "endTime":
			shown[name] = values
		}
	}
	if len(shown) == 0 {
		return u.Path
	}
	text, err := url.QueryUnescape(shown.Encode())
	if err != nil {
		return u.Path
	}
	return u.Path + "?" + text
}
