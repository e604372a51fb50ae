package option

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
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
	u, ok := parseURL(text, "http", "https", "socks5")
	if !ok || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("%s is not the URL of a proxy", quoteURL(text))
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// parseSMTP accepts smtp and smtps URLs. The only parameter is starttls, of smtp.
func parseSMTP(text string) (any, error) {
	wrong := errors.New("the value is not the URL of a mail server")
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
