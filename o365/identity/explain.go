package identity

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
)

var errLoginTimeout = fmt.Errorf("no answer within %v", loginTimeout)

// explain turns an error of azidentity, often a page of text, into an [*Error].
func (r *requester) explain(ctx context.Context, err error, c credential, last *recorder) error {
	text := err.Error()
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errLoginTimeout) && errors.As(last.err, new(*transport.ViaError)):
		return r.network(last)
	case errors.Is(cause, errLoginTimeout):
		return &Error{Message: last.where() + errLoginTimeout.Error(), Err: context.DeadlineExceeded}
	case cause != nil:
		return cancelled(ctx)
	case r.method == AzureCLI:
		return cli(text)
	case last.err != nil:
		return r.network(last)
	case last.status != 0:
		return r.refused(c, last)
	default: // nothing was asked; the lines after the first show details
		line, _, _ := strings.Cut(text, "\n")
		return &Error{Message: r.clean(unwrapped(line))}
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

func (r *requester) network(last *recorder) error { return last.network(r.clean) }

// network explains why there is no answer. clean makes foreign text one line.
func (w *recorder) network(clean func(string) string) *Error {
	e := &Error{Err: w.err}
	var proxy *transport.ProxyError
	if errors.As(w.err, &proxy) { // first: its certificate is not that of the login service
		var detail string
		e.Plain, e.Remedy, detail = proxy.Explain()
		e.Message, e.configuration = clean(detail), proxy.Configuration()
		return e
	}
	var via *transport.ViaError
	if errors.As(w.err, &via) {
		var detail string
		e.Plain, e.Remedy, detail = via.Explain()
		e.Message = w.where() + clean(detail)
		return e
	}
	cause := w.err
	var inURL *url.Error
	if errors.As(cause, &inURL) { // which would repeat method and URL
		cause = inURL.Err
	}
	e.Message = w.where() + clean(cause.Error())
	if errors.Is(cause, context.DeadlineExceeded) {
		e.Message = w.where() + "no answer in time"
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

// refused returns the error of an answer that is not the one asked for. What it says
// counts, and its status only if it says nothing.
func (r *requester) refused(c credential, last *recorder) error {
	e := &Error{Status: last.status, configuration: last.status >= 400 && last.status < 500 &&
		last.status != http.StatusRequestTimeout && last.status != http.StatusTooManyRequests}
	body, isError := readAnswer(last.body)
	answered := fmt.Sprintf("%sHTTP %d", last.where(), last.status)
	switch {
	case len(body.codes) > 0:
		number := body.codes[0]
		e.Code = "AADSTS" + strconv.Itoa(number)
		e.Message = r.clean(firstSentence(body.description))
		e.Plain, e.Remedy = meanings[number].what, meanings[number].remedy
		e.configuration = (e.configuration || last.status < 300) && !transient[number]
		if number == 700027 && len(c.certificates) > 0 {
			e.Remedy = fmt.Sprintf("upload the certificate of certificate_file, thumbprint %X, to the app registration", sha1.Sum(c.certificates[0].Raw))
		}
		if odd := c.oddities(); odd != "" && wrongText[number] {
			e.Remedy = orText(e.Remedy, "check the value") + "; " + c.from + " has " + odd + ", which is sent too"
		}
	case isPage(last.body):
		e.Message = answered + ": " + webPage
		e.Plain, e.Remedy = "a web page answers in place of the login service", r.letThrough(last)
	case isError || body.description != "":
		e.Message = answered + ": " + r.clean(firstSentence(orText(body.description, body.word)))
		if last.status < 300 {
			e.configuration = lasting[body.word]
		}
	case last.status < 300:
		e.Message = answered + ": " + last.misfit()
		e.Plain = "the login service's answer cannot be used"
	default:
		e.Message = answered + " " + http.StatusText(last.status)
		if e.configuration && r.settings.CustomAuthority && r.method != ManagedIdentity {
			e.Remedy = "check authority_host"
		}
	}
	if c.note != "" && e.configuration {
		e.Remedy = orText(e.Remedy, "check the value") + "; " + c.note
	}
	if r.method == ManagedIdentity && e.Remedy == "" && e.configuration {
		e.Remedy = "assign a managed identity to this machine, and name a user-assigned one in client_id"
	}
	return e
}

// letThrough is what to do about a web page.
func (r *requester) letThrough(last *recorder) string {
	host := sanitize.Text(last.host, sanitize.MaxText)
	text := transport.LetThrough(host, last.proxy, last.proxySet)
	if r.settings.CustomAuthority && r.method != ManagedIdentity {
		text += "; check authority_host"
	}
	return text
}

// wrongText has the error codes for a secret or an assertion that is not what the
// application has: bytes that were not meant to be in it may be why.
var wrongText = map[int]bool{7000215: true, 50027: true}

// oddities names what is odd about the secret or the assertion, never the value.
func (c credential) oddities() string {
	return option.Secret(orText(c.secret, c.assertion)).Oddities()
}

// cliJSON finds errors of encoding/json, which azidentity reads the output of az with.
var cliJSON = regexp.MustCompile(`json: |invalid character|unexpected end of JSON|parsing time|accessToken|expiresOn`)

// cli returns the error for what the Azure CLI printed.
func cli(text string) error {
	e := &Error{Message: sanitize.Text(unwrapped(text), sanitize.MaxText)}
	if cliJSON.MatchString(text) && !strings.Contains(text, "ERROR") {
		e.Message = "the command az printed something else than a token"
		return e
	}
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
