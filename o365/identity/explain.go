package identity

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

var errLoginTimeout = fmt.Errorf("no answer within %v", loginTimeout)

// answer is the body of an error answer of Entra or of a managed identity endpoint.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response
type answer struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message"` // App Service
	Codes       []int  `json:"error_codes"`
}

// explain turns an error of azidentity, often a page of text, into an [*Error].
func (r *requester) explain(ctx context.Context, err error, c credential, last *recorder) error {
	text := err.Error()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLoginTimeout):
		return &Error{Message: last.where() + errLoginTimeout.Error(), Err: context.DeadlineExceeded}
	case cause != nil:
		return cancelled(ctx)
	case r.method == AzureCLI:
		return cli(text)
	case last.err != nil:
		return r.network(last)
	case last.status >= 300:
		return r.refused(c, last)
	default: // an answer that MSAL cannot use; the lines after the first show its body
		line, _, _ := strings.Cut(text, "\n")
		return &Error{Message: last.where() + r.clean(unwrapped(line))}
	}
}

// clean returns foreign text as one line without secrets.
func (r *requester) clean(text string) string {
	return r.settings.Secrets.Text(text, sanitize.MaxText)
}

// where returns the host of the last request, as the start of a message.
func (w *recorder) where() string {
	if w.host == "" {
		return ""
	}
	return sanitize.Text(w.host, sanitize.MaxText) + ": " // it may be what an answer named
}

func (r *requester) network(last *recorder) error {
	e := &Error{Err: last.err}
	cause := last.err
	var inURL *url.Error
	if errors.As(cause, &inURL) { // which would repeat method and URL
		cause = inURL.Err
	}
	e.Message = last.where() + r.clean(cause.Error())
	if errors.Is(cause, context.DeadlineExceeded) {
		e.Message = last.where() + "no answer in time"
	}
	var untrusted *tls.CertificateVerificationError
	var foreign *transport.OriginError
	var redirect *transport.RedirectError
	switch {
	case errors.As(cause, &untrusted):
		e.configuration = true
		e.Plain = "the login service's certificate is not trusted"
		e.Remedy = "if a proxy or a private cloud signs the connection, put its root certificate into ca_file"
	case errors.As(cause, &foreign):
		e.configuration = true
		e.Plain = "the login service names an address elsewhere, which gets no credential"
		e.Remedy = "check cloud and authority_host; if they are right, somebody may be listening on the way to the login service"
	case errors.As(cause, &redirect):
		e.configuration = true
		e.Plain = "the login service answers with a redirect, which gets no credential"
		e.Remedy = "check cloud and authority_host, and search for a proxy or a captive portal on the way"
	}
	return e
}

// refused returns the error of an answer that is not a token.
func (r *requester) refused(c credential, last *recorder) error {
	e := &Error{Status: last.status, configuration: last.status >= 400 && last.status < 500 &&
		last.status != http.StatusRequestTimeout && last.status != http.StatusTooManyRequests}
	var body answer
	if json.Unmarshal(last.body, &body) != nil {
		body = answer{}
	}
	if body.Description == "" {
		body.Description = body.Message
	}
	if len(body.Codes) == 0 {
		body.Codes = codesIn(body.Description)
	}
	switch {
	case len(body.Codes) > 0:
		number := body.Codes[0]
		e.Code = "AADSTS" + strconv.Itoa(number)
		e.Message = r.clean(firstSentence(body.Description))
		e.Plain, e.Remedy = meanings[number].what, meanings[number].remedy
		if number == 700027 && len(c.certificates) > 0 {
			e.Remedy = fmt.Sprintf("upload the certificate of certificate_file, thumbprint %X, to the app registration", sha1.Sum(c.certificates[0].Raw))
		}
		if transient[number] {
			e.configuration = false
		}
	case body.Description != "":
		e.Message = fmt.Sprintf("%sHTTP %d: %s", last.where(), last.status, r.clean(firstSentence(body.Description)))
	default:
		e.Message = fmt.Sprintf("%sHTTP %d %s", last.where(), last.status, http.StatusText(last.status))
		if e.configuration && r.settings.CustomAuthority && r.method != ManagedIdentity {
			e.Remedy = "check authority_host"
		}
	}
	if r.method == ManagedIdentity && e.Remedy == "" && e.configuration {
		e.Remedy = "assign a managed identity to this machine, and name a user-assigned one in client_id"
	}
	return e
}

// cli returns the error for what the Azure CLI printed.
func cli(text string) error {
	e := &Error{Message: sanitize.Text(unwrapped(text), sanitize.MaxText)}
	if strings.Contains(text, "executable not found") {
		e.Message, e.Remedy = "the command az is not on PATH", "install the Azure CLI, or choose another auth"
		e.configuration = true
		return e
	}
	if codes := codesIn(text); len(codes) > 0 {
		e.Code = fmt.Sprintf("AADSTS%d", codes[0])
		_, description, _ := strings.Cut(text, e.Code)
		e.Message, e.Plain, e.Remedy = sanitize.Text(firstSentence(description), sanitize.MaxText), meanings[codes[0]].what, meanings[codes[0]].remedy
		e.configuration = !transient[codes[0]]
	}
	if strings.Contains(text, "az login") {
		e.Remedy = azLogin
		e.configuration = true
	}
	return e
}

var (
	codePattern   = regexp.MustCompile(`AADSTS(\d{3,9})\b`)
	reasonPattern = regexp.MustCompile(`\[Reason - ([^.,\]]+)`)
	prefixPattern = regexp.MustCompile(`^\s*(?:AADSTS\d+)?:?\s*`)
	endPattern    = regexp.MustCompile(`\.(?:\s+[A-Z\[]|\s+https?:|\s*$)|\s+Trace ID:`)
	sdkPattern    = regexp.MustCompile(`^\w+Credential: (?:ERROR: )?|\.? ?To troubleshoot, visit \S+$`)
)

func codesIn(text string) []int {
	if m := codePattern.FindStringSubmatch(text); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			return []int{n}
		}
	}
	return nil
}

// unwrapped returns a text without the prefix and suffix that azidentity adds.
func unwrapped(text string) string { return sdkPattern.ReplaceAllString(text, "") }

// firstSentence returns the first sentence of an Entra description, without the
// code, explanations and identifiers, with the reason that some have in brackets.
func firstSentence(description string) string {
	sentence := prefixPattern.ReplaceAllString(description, "")
	if end := endPattern.FindStringIndex(sentence); end != nil {
		sentence = sentence[:end[0]]
	}
	if m := reasonPattern.FindStringSubmatch(description); m != nil {
		sentence += ": " + m[1]
	}
	return sentence
}
