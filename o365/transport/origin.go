package transport

import (
	"net/url"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// An Origin is a scheme, a host in lower case and a port, the default one of the
// scheme written out: what a credential is meant for (RFC 6454, section 4).
type Origin struct{ Scheme, Host, Port string }

// OriginOf returns the origin of a URL, which may have a user: see [Origin.Admits].
func OriginOf(u *url.URL) Origin {
	o := Origin{lower(u.Scheme), strings.TrimSuffix(lower(u.Hostname()), "."), u.Port()}
	if o.Port == "" {
		o.Port = map[string]string{"https": "443", "http": "80"}[o.Scheme]
	}
	return o
}

// lower lowers ASCII letters only, as RFC 6454 does: strings.ToLower also makes an i
// of U+0130, with which net/http connects to another host (xn--...).
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// Admits reports whether a URL has the origin, and no user of its own.
func (o Origin) Admits(u *url.URL) bool { return OriginOf(u) == o && u.User == nil }

// Differs names the parts in which another origin differs, for messages: scheme,
// host, port, or "user" if none of them does.
func (o Origin) Differs(other Origin) string {
	var parts []string
	for _, p := range []struct {
		name     string
		one, two string
	}{{"scheme", o.Scheme, other.Scheme}, {"host", o.Host, other.Host}, {"port", o.Port, other.Port}} {
		if p.one != p.two {
			parts = append(parts, p.name)
		}
	}
	if len(parts) == 0 {
		return "user" // no other part is left
	}
	return strings.Join(parts, " and ")
}

// String returns the origin as in a URL, sanitized for a log line.
func (o Origin) String() string {
	host := o.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	text := o.Scheme + "://" + host
	if o.Port != (map[string]string{"https": "443", "http": "80"}[o.Scheme]) {
		text += ":" + o.Port
	}
	return sanitize.Text(text, sanitize.MaxText)
}
