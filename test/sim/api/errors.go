package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// refusal is an error answer of the service.
type refusal struct {
	status  int
	code    string
	message string
}

func (e *refusal) Error() string { return e.code + ": " + e.message }

// refusef makes an error answer with the HTTP status that Microsoft's table gives
// for the code; the default is 400.
func refusef(code, format string, args ...any) error {
	status := http.StatusBadRequest
	switch code {
	case "AF10001": // microsoft/coe-starter-kit#8300, OfficeDev/O365-InvestigationTooling#34
		status = http.StatusUnauthorized
	case "AF20050":
		status = http.StatusNotFound
	case "AF429":
		status = http.StatusForbidden
	case "AF50000":
		status = http.StatusInternalServerError
	}
	return &refusal{status, code, fmt.Sprintf(format, args...)}
}

var errUnauthorized = errors.New("unauthorized")

func (req *request) refuse(err error) {
	h := req.w.Header()
	h.Set("Content-Type", jsonType)
	var e *refusal
	if !errors.As(err, &e) {
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		req.code = "unauthorized"
		req.respond(http.StatusUnauthorized, `{"Message":"Authorization has been denied for this request."}`)
		return
	}
	req.code = e.code
	if req.op == "audit" && (e.code == "AF429" || e.code == "AF50000") {
		// Not JSON: the troubleshooting page shows GetBlob's AF429 with single
		// quotes, and microsoft/Office365APIEditor#1 its AF50000.
		req.respond(e.status, fmt.Sprintf(`{'error':{'code':'%s','message':'%s'}}`, e.code, e.message))
		return
	}
	message, _ := json.Marshal(e.message)
	code, _ := json.Marshal(e.code)
	req.respond(e.status, fmt.Sprintf(`{"error":{"code":%s,"message":%s}}`, code, message))
}

// method is the service's own name of an operation, as its throttling answer
// gives it.
func (req *request) method() string {
	switch req.op {
	case "start":
		return "StartSubscription"
	case "stop":
		return "StopSubscription"
	case "list":
		return "ListSubscriptions"
	case "content":
		return "ListContent"
	case "audit":
		return "GetBlob"
	}
	return "GetResource"
}

func tooMany(req *request) error {
	return refusef("AF429", "Too many requests. Method=%s, PublisherId=%s", req.method(), publisher(req))
}

func publisher(req *request) string {
	if id := req.param("PublisherIdentifier"); id != "" {
		return id
	}
	return "00000000-0000-0000-0000-000000000000"
}
