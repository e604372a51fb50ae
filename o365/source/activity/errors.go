package activity

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// codePattern finds the code where the body is not JSON: Microsoft's troubleshooting
// page shows the answer that throttles with single quotes.
var codePattern = regexp.MustCompile(`\bAF\d{3,5}\b`)

const maxErrorBody = 64 << 10 // bytes

// readError reads a refusal. The API answers {"error":{"code":…,"message":…}}
// ("Office 365 Management Activity API reference", Errors). An answer that it does not
// give is an [intercepted] one.
func readError(op source.Op, resp *http.Response, from io.Reader) error {
	// If the body cannot be read, the status is enough.
	body, _ := io.ReadAll(io.LimitReader(from, maxErrorBody))
	e := &source.Error{Op: op, Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header), Date: headerDate(resp.Header)}
	var answer struct {
		Error struct{ Code, Message string }
		// The gateway in front of the API answers in this form.
		Message string
	}
	// Of more than one value, and of what is no JSON behind it, the first one counts.
	body = skipBlank(body)
	isJSON := json.NewDecoder(bytes.NewReader(body)).Decode(&answer) == nil
	isPage := !isJSON && (bytes.HasPrefix(body, []byte("<")) || strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html"))
	switch {
	case isJSON:
		e.Code, e.Message = answer.Error.Code, answer.Error.Message
		if e.Message == "" {
			e.Message = answer.Message
		}
		if e.Code == "" && e.Message == "" {
			e.Message = string(body) // JSON of another kind
		}
	case isPage:
		e.Code = codePattern.FindString(string(body))
	default:
		e.Message = string(body)
	}
	// Where auditing is off, the field code holds a long text, which is not shown as a
	// code.
	e.Code = codePattern.FindString(e.Code + " " + e.Message)
	e.Message = sanitize.Text(e.Message, sanitize.MaxText)
	if e.Code == "" && !throttles(e) && (isPage || e.Status == http.StatusProxyAuthRequired || !isJSON && e.Message != "" && atGateway[e.Status]) {
		return newIntercepted(op, resp, e, isPage)
	}
	return e
}
