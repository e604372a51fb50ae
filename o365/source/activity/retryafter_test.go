package activity

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	const date = "Sat, 28 Nov 2026 10:00:00 GMT"
	for text, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "0": 0, "-5": 0, "1.5": 0, "1e9": 0, "soon": 0,
		"86400": 24 * time.Hour, "31536000": 365 * 24 * time.Hour,
		"99999999999999999999 years": 0, "99999999999999999999+": 0, "99999999999": maxRetryAfter, "99999999999999999999999999": maxRetryAfter, "-99999999999999999999999999": 0,
		"Sat, 28 Nov 2026 10:01:00 GMT": time.Minute, "Sat, 28 Nov 2026 09:00:00 GMT": 0, "Fri, 31 Dec 9999 23:59:59 GMT": maxRetryAfter,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}, "Date": {date}}); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if got := retryAfter(http.Header{"Retry-After": {"Sat, 28 Nov 2026 10:01:00 GMT"}}); got != 0 {
		t.Errorf("a date without the service's own: %v", got)
	}
}
