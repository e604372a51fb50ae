package activity

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds the wait that an answer asks for, so that adding it to a time
// does not overflow.
const maxRetryAfter = 10 * 365 * 24 * time.Hour

// retryAfter returns the wait that an answer asks for, 0 if it asks for none that can
// be read. Retry-After holds seconds or a date (RFC 9110, section 10.2.3); a date is
// compared with the answer's own Date, because the clock here may be wrong.
func retryAfter(h http.Header) time.Duration {
	return min(askedWait(h), maxRetryAfter)
}

func askedWait(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	// ParseInt returns ErrRange for a number that is too large before it has read what
	// is behind the number.
	digits := strings.Trim(strings.TrimLeft(v, "+-"), "0123456789") == ""
	if s, err := strconv.ParseInt(v, 10, 64); err == nil || digits && errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(0, s), int64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	if now := headerDate(h); !now.IsZero() {
		return max(0, at.Sub(now))
	}
	return 0
}
