package option

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// parseHTTPS returns the URL without a slash at its end, so that paths can be
// appended.
func parseHTTPS(text string) (any, error) {
	u, ok := parseURL(text, "https")
	if !ok || u.User != nil {
		return nil, fmt.Errorf("%s is not an https URL", quoteURL(text))
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func parseProxy(text string) (any, error) {
	u, ok := parseURL(text, "http", "https", "socks5", "socks5h")
	if (!ok || strings.Trim(u.Path, "/") != "") && NeedsEncoding(text) {
		return nil, ErrNotEncoded
	}
	if !ok || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s is not the URL of a proxy", quoteURL(text))
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// parseSMTP accepts smtp and smtps URLs. The only parameter is starttls, of smtp.
func parseSMTP(text string) (any, error) {
	wrong := errors.New("the value is not the URL of a mail server")
	if NeedsEncoding(text) {
		wrong = ErrNotEncoded
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return nil, wrong
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, wrong
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (err != nil || port == 0) {
		return nil, wrong
	}
	switch u.RawQuery {
	case "":
	case "starttls=required", "starttls=off":
		if u.Scheme != "smtp" {
			return nil, wrong
		}
	default:
		return nil, wrong
	}
	return u.String(), nil
}

// ErrNotEncoded is the mistake in a URL that is seen most often where a password has
// special characters. It may be shown for secrets, too.
var ErrNotEncoded = errors.New("USER:PASSWORD in the URL is not percent-encoded: write %23 for #, %25 for %, %2F for /, %3F for ?, %40 for @, %20 for a blank")

// NeedsEncoding reports whether what stands before the last @ of a URL has characters
// that must be percent-encoded in a user or a password (RFC 3986, section 3.2.1).
func NeedsEncoding(text string) bool {
	_, rest, ok := strings.Cut(text, "://")
	at := strings.LastIndexByte(rest, '@')
	if !ok || at < 0 {
		return false
	}
	user := rest[:at]
	if _, err := url.PathUnescape(user); err != nil {
		return true // a % that begins no code
	}
	return strings.ContainsAny(user, `/?#[]\"<>^{}|`+"`") ||
		strings.ContainsFunc(user, func(r rune) bool { return r <= ' ' || r >= unicode.MaxASCII })
}

func parseURL(text string, schemes ...string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, false
	}
	return u, slices.Contains(schemes, u.Scheme)
}

// quoteURL quotes a URL for an error, unless it may have a password in it.
func quoteURL(text string) string {
	if strings.Contains(text, "@") {
		return "the value"
	}
	return quote(text)
}
