package login

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Failure is an answer that is not a token.
type Failure struct {
	// Code is the AADSTS number. The numbers in texts bring their own status,
	// error word and description; 0 is an answer without a body of Entra's.
	Code int
	// Status, Error and Description replace what Code brings.
	Status      int
	Error       string
	Description string
	// RetryAfter is sent as a header when it is not 0.
	RetryAfter time.Duration
	// Drop closes the connection without any answer.
	Drop bool
	// Location makes the answer a redirect; Status is 302 unless it is set.
	Location string
	// Size is the length of a body of blanks in JSON, which is streamed; its
	// Status is 200 unless it is set. Drip is a pause before each further byte of
	// it.
	Size int64
	Drip time.Duration
	// Page is a web page, as a proxy or a firewall answers; Empty is no body; Text is
	// a body as it stands. Their Status is 200 unless it is set.
	Page, Empty bool
	Text        string
	// BOM puts a byte order mark before the body. With neither Code nor Error it is
	// the only failure: the answer is the right one.
	BOM bool

	about []any // the values that the text of Code names
}

// texts are Entra's own descriptions, as seen in public issue trackers.
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
var texts = map[int]struct {
	status int
	word   string
	text   string
}{
	50027:   {400, "invalid_request", "JWT token is invalid or malformed."},
	50049:   {400, "invalid_instance", "Unknown or invalid instance."},
	53003:   {400, "access_denied", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."},
	70021:   {400, "invalid_request", "No matching federated identity record found for presented assertion. Assertion Issuer: '%v'. Assertion Subject: '%v'. Assertion Audience: '%v'. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	70003:   {400, "unsupported_grant_type", "The app requested an unsupported grant type '%v'."},
	90002:   {400, "invalid_request", "Tenant '%v' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."},
	90033:   {503, "temporarily_unavailable", "A transient error has occurred. Please try again."},
	500011:  {400, "invalid_resource", "The resource principal named %v was not found in the tenant named %v. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."},
	700016:  {400, "unauthorized_client", "Application with identifier '%v' was not found in the directory '%v'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant."},
	700024:  {401, "invalid_client", "Client assertion is not within its valid time range. Current time: %v, assertion valid from %v, expiry time of assertion %v. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials"},
	700027:  {401, "invalid_client", "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - %v, Thumbprint of key used by client: '%v', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '%v'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint]."},
	700211:  {401, "invalid_client", "No matching federated identity record found for presented assertion issuer '%v'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	700212:  {401, "invalid_client", "No matching federated identity record found for presented assertion audience '%v'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	700213:  {401, "invalid_client", "No matching federated identity record found for presented assertion subject '%v'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation"},
	900023:  {400, "invalid_request", "Specified tenant identifier '%v' is neither a valid DNS name, nor a valid external domain."},
	900144:  {400, "invalid_request", "The request body must contain the following parameter: '%v'."},
	1002012: {400, "invalid_scope", "The provided value for scope %v is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI)."},
	7000112: {400, "unauthorized_client", "Application '%v' is disabled."},
	7000215: {401, "invalid_client", "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%v'."},
	7000216: {401, "invalid_client", "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."},
	7000222: {401, "invalid_client", "The provided client secret keys for app '%v' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds."},
}

// stream answers with a body of Size bytes.
func (f Failure) stream(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(first(f.Status, http.StatusOK))
	piece := bytes.Repeat([]byte{' '}, 64<<10)
	if f.Drip > 0 {
		piece = piece[:1]
	}
	for left := f.Size; left > 0; left -= int64(len(piece)) {
		if _, err := w.Write(piece[:min(left, int64(len(piece)))]); err != nil {
			return // the client has had enough
		}
		if f.Drip > 0 {
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(f.Drip)
		}
	}
}

const page = "<!DOCTYPE html>\n<html><head><title>Access denied</title></head><body>This site is blocked.</body></html>\n"

// body answers with Page, Empty or Text.
func (f Failure) body(w http.ResponseWriter) {
	text, kind := f.Text, "application/json"
	if f.Page {
		text, kind = page, "text/html; charset=utf-8"
	}
	if text != "" {
		w.Header().Set("Content-Type", kind)
	}
	w.WriteHeader(first(f.Status, http.StatusOK))
	_, _ = io.WriteString(w, text) // the caller may have gone away
}

// FailDiscovery is FailNext for the documents that libraries read first.
func (s *Service) FailDiscovery(n int, failure Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discoveryFailures = nil
	for range n {
		s.discoveryFailures = append(s.discoveryFailures, failure)
	}
}

// NameTokenEndpoint makes discovery name another address for tokens; an empty one
// is the service's own.
func (s *Service) NameTokenEndpoint(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokenEndpoint = address
}

// FailNext makes the next n token or managed identity requests fail. Calls
// queue up; 0 takes back what is still queued.
func (s *Service) FailNext(n int, failure Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 {
		s.failures = nil
	}
	for range n {
		s.failures = append(s.failures, failure)
	}
}

// failing takes the next failure from the queue and answers with it.
func (s *Service) failing(w http.ResponseWriter, queue *[]Failure) bool {
	s.mu.Lock()
	if len(*queue) == 0 {
		s.mu.Unlock()
		return false
	}
	next := (*queue)[0]
	*queue = (*queue)[1:]
	s.mu.Unlock()
	if next.BOM {
		w.Header().Set(markHeader, "") // for reply
		if next.Code == 0 && next.Error == "" {
			return false
		}
	}
	s.refuse(w, next)
	return true
}

func (s *Service) refuse(w http.ResponseWriter, f Failure) {
	if f.Drop {
		if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = connection.Close()
			return
		}
		panic(http.ErrAbortHandler) // the only way out of an HTTP/2 stream
	}
	if f.Location != "" {
		w.Header().Set("Location", f.Location)
		w.WriteHeader(first(f.Status, http.StatusFound))
		return
	}
	if f.Size > 0 {
		f.stream(w)
		return
	}
	if f.Page || f.Empty || f.Text != "" {
		f.body(w)
		return
	}
	known := texts[f.Code]
	status := first(f.Status, known.status, http.StatusBadRequest)
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
	}
	if f.Code == 0 && f.Error == "" {
		http.Error(w, http.StatusText(status), status)
		return
	}
	description := first(f.Description, fill(known.text, f.about))
	if f.Code != 0 {
		description = fmt.Sprintf("AADSTS%d: %s", f.Code, description)
	}
	trace, correlation := s.id(), s.id()
	at := s.now().UTC().Format("2006-01-02 15:04:05Z")
	body := map[string]any{
		"error":             first(f.Error, known.word, "invalid_request"),
		"error_description": fmt.Sprintf("%s Trace ID: %s Correlation ID: %s Timestamp: %s", description, trace, correlation, at),
		"timestamp":         at,
		"trace_id":          trace,
		"correlation_id":    correlation,
	}
	if f.Code != 0 {
		body["error_codes"] = []int{f.Code}
		body["error_uri"] = fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", f.Code)
	}
	reply(w, status, body)
}

// fill puts values into a text; a queued failure has none to put.
func fill(text string, values []any) string {
	for range 3 - len(values) {
		values = append(values, "00000000-0000-0000-0000-000000000000")
	}
	verbs := 0
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '%' && text[i+1] == 'v' {
			verbs++
		}
	}
	return fmt.Sprintf(text, values[:verbs]...)
}

func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}
