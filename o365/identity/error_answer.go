package identity

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// answer is the body of an error answer of Entra or of a managed identity endpoint.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response
type answer struct {
	word        string // error
	description string
	codes       []int
}

// readAnswer reads what is there of an error, whatever the types of its fields: what
// stands between answers in other forms. ok is false if there is no error in it.
func readAnswer(body []byte) (a answer, ok bool) {
	var fields struct {
		Error       json.RawMessage   `json:"error"`
		Description json.RawMessage   `json:"error_description"`
		Message     json.RawMessage   `json:"message"` // App Service
		Codes       []json.RawMessage `json:"error_codes"`
	}
	// A field of another type is left out, and the others are read.
	if err := json.Unmarshal(body, &fields); err != nil && !json.Valid(body) {
		return answer{}, false
	}
	a.word, a.description = stringIn(fields.Error), stringIn(fields.Description)
	for _, c := range fields.Codes {
		if n, err := strconv.Atoi(strings.Trim(string(c), `"`)); err == nil && n > 0 { // some write them as text
			a.codes = append(a.codes, n)
		}
	}
	// Gateways put an object there, as Microsoft Graph does.
	var inner struct{ Code, Message json.RawMessage }
	if json.Unmarshal(fields.Error, &inner) == nil {
		a.word = orText(a.word, stringIn(inner.Code))
		a.description = orText(a.description, stringIn(inner.Message))
	}
	ok = a.word != "" || a.description != "" || len(a.codes) > 0
	a.description = orText(a.description, stringIn(fields.Message))
	if len(a.codes) == 0 {
		a.codes = codesIn(a.description)
	}
	return a, ok
}

func stringIn(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func orText(text, fallback string) string {
	if text != "" {
		return text
	}
	return fallback
}

// lasting are the error words that no retry changes (RFC 6749, section 5.2).
var lasting = map[string]bool{
	"invalid_request": true, "invalid_client": true, "invalid_grant": true, "invalid_scope": true, "invalid_resource": true,
	"unauthorized_client": true, "unsupported_grant_type": true, "invalid_tenant": true, "invalid_instance": true, "access_denied": true,
}

const webPage = "a web page came instead of JSON: is a proxy or a firewall between?"

// isPage reports whether a body is a web page.
func isPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

// misfit says what an answer with a body is instead of the one that was asked for.
// It goes by the body, as the errors of Microsoft's library name its Go types.
func (w *recorder) misfit() string {
	body := bytes.TrimSpace(w.body)
	switch {
	case len(body) == 0:
		return "an empty answer"
	case isPage(body):
		return webPage
	case !json.Valid(body):
		if body[0] == '{' || body[0] == '[' {
			return "JSON that is damaged or cut off"
		}
		return "text instead of JSON"
	case body[0] != '{':
		return "JSON that is no object"
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(body, &fields) // it is an object, duplicates and all
	for _, name := range w.wanted() {
		if stringIn(fields[name]) == "" {
			return "an answer without " + name
		}
	}
	return "an answer that cannot be used"
}

// wanted returns the fields that the answer must have.
func (w *recorder) wanted() []string {
	switch w.document {
	case configurationDocument:
		return []string{"token_endpoint", "issuer", "authorization_endpoint"}
	case instanceDocument:
		return []string{"tenant_discovery_endpoint"}
	default:
		return []string{"access_token"}
	}
}

// document is what a request asks for.
type document int

const (
	tokenDocument document = iota
	configurationDocument
	instanceDocument
)
