package activity

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// codePattern finds the code where the body is not JSON: the throttling
// answer is shown with single quotes in Microsoft's troubleshooting page.
var codePattern = regexp.MustCompile(`\bAF\d{3,5}\b`)

const maxErrorBody = 64 << 10 // bytes

func readError(op source.Op, resp *http.Response, from io.Reader) *source.Error {
	// What can't be read of an error's body is not needed: the status stands.
	body, _ := io.ReadAll(io.LimitReader(from, maxErrorBody))
	e := &source.Error{Op: op, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header), Date: headerDate(resp.Header)}
	var answer struct {
		Error struct{ Code, Message string }
		// The gateway in front of the API answers in this form.
		Message string
	}
	if json.Unmarshal(body, &answer) == nil {
		e.Code, e.Message = answer.Error.Code, answer.Error.Message
		if e.Message == "" {
			e.Message = answer.Message
		}
	} else if !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		e.Message = string(body)
	}
	// A long text stands where the code should be when auditing is off, and what is
	// no code is not shown as one.
	e.Code = codePattern.FindString(e.Code + " " + e.Message)
	e.Message = sanitize.Text(e.Message, sanitize.MaxText)
	return e
}

// mostRetryAfter bounds what an answer says, for arithmetic.
const mostRetryAfter = 10 * 365 * 24 * time.Hour

func retryAfter(h http.Header) time.Duration {
	return min(askedWait(h), mostRetryAfter)
}

func askedWait(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	// ParseInt calls a number too large before it has seen what is behind it.
	digits := strings.Trim(strings.TrimLeft(v, "+-"), "0123456789") == ""
	if s, err := strconv.ParseInt(v, 10, 64); err == nil || digits && errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(0, s), int64(mostRetryAfter/time.Second))) * time.Second
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
