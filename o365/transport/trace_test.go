package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTrace(t *testing.T) {
	for _, tt := range []struct {
		name, url string
		err       error
		want      string
	}{
		{"path", "https://h/feed/subscriptions/list?PublisherIdentifier=p", nil, `^GET /feed/subscriptions/list: 204 after \d+m?s$`},
		{"what is asked for", "https://h/content?contentType=Audit.Exchange&startTime=2026-11-22T10:00:00&nextPage=token&endTime=2026-11-22T11:00:00", nil,
			`^GET /content\?contentType=Audit.Exchange&endTime=2026-11-22T11:00:00&startTime=2026-11-22T10:00:00: 204 after \d+m?s$`},
		{"error", "https://h/content?nextPage=token", errors.New("connection refused"), `^GET /content: no answer after \d+m?s: connection refused$`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var logged string
			trace := Trace{
				Next: roundTripFunc(func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, tt.err
				}),
				Logf: func(format string, args ...any) { logged += fmt.Sprintf(format, args...) },
			}
			resp, err := trace.RoundTrip(httptest.NewRequest(http.MethodGet, tt.url, nil))
			if err == nil {
				resp.Body.Close()
			}
			if !errors.Is(err, tt.err) {
				t.Errorf("error %v", err)
			}
			if !regexp.MustCompile(tt.want).MatchString(logged) {
				t.Errorf("logged %q, want %q", logged, tt.want)
			}
		})
	}
}
