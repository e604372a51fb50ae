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

// An Error says in one line why there is no token.
type Error struct {
	Code    string // Entra's, such as AADSTS7000215; may be empty
	Status  int    // of the HTTP answer, 0 if there was none
	Message string
	Plain   string // what is wrong, in plain words; may be empty
	Remedy  string // what to do about it; may be empty
	Err     error  // what is underneath, such as a *net.OpError; may be nil

	configuration bool
}

// HTTPStatus is that of the answer, 0 if there was none.
func (e *Error) HTTPStatus() int { return e.Status }

// Error is Code, Message and Remedy. It contains no secrets and no newlines.
func (e *Error) Error() string {
	text := e.detail()
	if e.Remedy != "" {
		text += " (" + e.Remedy + ")"
	}
	return text
}

// Explain says in plain words what is wrong and what to do about it, and what
// the login service said.
func (e *Error) Explain() (what, do, detail string) {
	what, do = e.Plain, e.Remedy
	if what == "" {
		what = "signing in fails"
		if !e.configuration {
			what = "the login service can't be reached"
		}
	}
	if do == "" {
		do = "see https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
		if !e.configuration {
			do = "check network, DNS, firewall and proxy if it lasts; it is tried again, and Microsoft keeps content for 7 days"
		} else if e.Code == "" {
			do = "check the options of the login"
		}
	}
	return what, do, e.detail()
}

// besides is an error that does no harm yet, as the message says.
func besides(plain, message string, err error) *Error {
	e := &Error{Plain: plain, Message: message + ": " + err.Error(), Err: err}
	var cause *Error
	if errors.As(err, &cause) {
		e.Message, e.Remedy, e.configuration = message+": "+cause.detail(), cause.Remedy, cause.configuration
	}
	return e
}

// detail is Code and Message.
func (e *Error) detail() string {
	if e.Code != "" {
		return e.Code + ": " + e.Message
	}
	return e.Message
}

// Unwrap gives the network's or the file system's error.
func (e *Error) Unwrap() error { return e.Err }

// Configuration reports whether somebody has to change something before a
// login can work. Otherwise it is worth trying again: the network, the login
// service or the machine's identity endpoint is not available.
func (e *Error) Configuration() bool { return e.configuration }

var errPatience = fmt.Errorf("no answer within %v", patience)

// answer is an error body, of Entra or of a managed identity endpoint.
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#error-response
type answer struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Message     string `json:"message"` // App Service
	Codes       []int  `json:"error_codes"`
}

// explain turns what azidentity returned, often a page of text, into one line.
func (a *applicant) explain(ctx context.Context, err error, p proof, seen *witness) error {
	text := err.Error()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errPatience):
		return &Error{Message: seen.where() + errPatience.Error(), Err: context.DeadlineExceeded}
	case cause != nil:
		return cancelled(ctx)
	case a.method == AzureCLI:
		return cli(text)
	case seen.err != nil:
		return a.network(seen)
	case seen.status >= 300:
		return a.refused(p, seen)
	default: // an answer that MSAL does not like; the lines below the first show its body
		line, _, _ := strings.Cut(text, "\n")
		return &Error{Message: seen.where() + a.clean(unwrapped(line))}
	}
}

// clean makes one line of what others have written, without what this applicant
// must not tell.
func (a *applicant) clean(text string) string {
	return a.settings.Secrets.Text(text, sanitize.MaxText)
}

// where names the host that was asked last.
func (w *witness) where() string {
	if w.host == "" {
		return ""
	}
	return sanitize.Text(w.host, sanitize.MaxText) + ": " // it may be what an answer named
}

func (a *applicant) network(seen *witness) error {
	e := &Error{Err: seen.err}
	cause := seen.err
	var inURL *url.Error
	if errors.As(cause, &inURL) { // which would repeat method and URL
		cause = inURL.Err
	}
	e.Message = seen.where() + a.clean(cause.Error())
	if errors.Is(cause, context.DeadlineExceeded) {
		e.Message = seen.where() + "no answer in time"
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
		e.Remedy = "check cloud and authority_host, and look for a proxy or a captive portal on the way"
	}
	return e
}

// refused makes sense of an answer that is not a token.
func (a *applicant) refused(p proof, seen *witness) error {
	e := &Error{Status: seen.status, configuration: seen.status >= 400 && seen.status < 500 &&
		seen.status != http.StatusRequestTimeout && seen.status != http.StatusTooManyRequests}
	var body answer
	if json.Unmarshal(seen.body, &body) != nil {
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
		e.Message = a.clean(firstSentence(body.Description))
		e.Plain, e.Remedy = meanings[number].what, meanings[number].remedy
		if number == 700027 && len(p.certificates) > 0 {
			e.Remedy = fmt.Sprintf("upload the certificate of certificate_file, thumbprint %X, to the app registration", sha1.Sum(p.certificates[0].Raw))
		}
		if transient[number] {
			e.configuration = false
		}
	case body.Description != "":
		e.Message = fmt.Sprintf("%sHTTP %d: %s", seen.where(), seen.status, a.clean(firstSentence(body.Description)))
	default:
		e.Message = fmt.Sprintf("%sHTTP %d %s", seen.where(), seen.status, http.StatusText(seen.status))
		if e.configuration && a.settings.CustomAuthority && a.method != ManagedIdentity {
			e.Remedy = "check authority_host"
		}
	}
	if a.method == ManagedIdentity && e.Remedy == "" && e.configuration {
		e.Remedy = "assign a managed identity to this machine, and name a user-assigned one in client_id"
	}
	return e
}

// cli makes sense of what the Azure CLI printed.
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
		e.Remedy = "run az login as the user that Fluent Bit runs as"
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

// unwrapped is a text without what azidentity puts around it.
func unwrapped(text string) string { return sdkPattern.ReplaceAllString(text, "") }

// firstSentence is what an Entra description says before its explanations and
// identifiers, with the reason that some give in brackets.
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
