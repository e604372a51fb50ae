package o365

import (
	"net/http"
	"net/url"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

// trace tells each request to the API at the level debug.
type trace struct {
	to  http.RoundTripper
	log logging.Logger
}

// RoundTrip implements [http.RoundTripper].
func (t trace) RoundTrip(r *http.Request) (*http.Response, error) {
	begun := time.Now()
	resp, err := t.to.RoundTrip(r)
	took := time.Since(begun).Round(time.Millisecond)
	if err != nil {
		t.log.Debugf("%s %s: no answer after %s: %v", r.Method, address(r.URL), took, err)
	} else {
		t.log.Debugf("%s %s: %d after %s", r.Method, address(r.URL), resp.StatusCode, took)
	}
	return resp, err
}

// address is a URL with no more of its query than tells what was asked for:
// the rest may be a paging token.
func address(u *url.URL) string {
	told := url.Values{}
	for name, values := range u.Query() {
		switch name {
		case "contentType", "startTime", "endTime":
			told[name] = values
		}
	}
	if len(told) == 0 {
		return u.Path
	}
	text, err := url.QueryUnescape(told.Encode())
	if err != nil {
		return u.Path
	}
	return u.Path + "?" + text
}
