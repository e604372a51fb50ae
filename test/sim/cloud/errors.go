package cloud

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

// refusef makes the error answers of Microsoft's table, HTTP 400 unless it says
// otherwise.
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

func (k *call) refuse(err error) {
	h := k.w.Header()
	h.Set("Content-Type", jsonType)
	var e *refusal
	if !errors.As(err, &e) {
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		k.code = "unauthorized"
		k.respond(http.StatusUnauthorized, `{"Message":"Authorization has been denied for this request."}`)
		return
	}
	k.code = e.code
	if k.op == "audit" && (e.code == "AF429" || e.code == "AF50000") {
		// Not JSON: the troubleshooting page shows GetBlob's AF429 with single
		// quotes, and microsoft/Office365APIEditor#1 its AF50000.
		k.respond(e.status, fmt.Sprintf(`{'error':{'code':'%s','message':'%s'}}`, e.code, e.message))
		return
	}
	message, _ := json.Marshal(e.message)
	code, _ := json.Marshal(e.code)
	k.respond(e.status, fmt.Sprintf(`{"error":{"code":%s,"message":%s}}`, code, message))
}

// method is the service's own name of an operation, as its throttling answer
// gives it.
func (k *call) method() string {
	switch k.op {
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

func tooMany(k *call) error {
	return refusef("AF429", "Too many requests. Method=%s, PublisherId=%s", k.method(), publisher(k))
}

func publisher(k *call) string {
	if id := k.param("PublisherIdentifier"); id != "" {
		return id
	}
	return "00000000-0000-0000-0000-000000000000"
}
