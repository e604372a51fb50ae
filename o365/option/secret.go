package option

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
)

// A Secret is a value that must not be shown: every way of printing it prints
// "<secret>", or nothing if it is empty. Only [Secret.Reveal] returns the text.
type Secret string

const hidden = "<secret>"

// Reveal returns the secret itself, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// Format covers every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, s.String()) }

// MarshalText covers JSON, YAML and XML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue covers structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Oddities names what is seldom meant to be part of a secret, for the message about
// one that was refused: quotes around it, blanks at its ends, bytes that are not
// printable ASCII. It is "" if there is nothing of the kind, and does not depend on
// anything else of the value.
func (s Secret) Oddities() string {
	text := string(s)
	bare := strings.TrimFunc(text, unicode.IsSpace)
	var odd []string
	for _, o := range []struct {
		is   bool
		name string
	}{
		{strings.TrimLeftFunc(text, unicode.IsSpace) != text, "a blank at its start"},
		{strings.TrimRightFunc(text, unicode.IsSpace) != text, "a blank at its end"},
		{isQuoted(bare), "quotes around it"},
		{strings.ContainsAny(bare, "\r\n"), "a line break in it"},
		{strings.Contains(bare, "${"), "a variable in it that was not replaced"},
		{strings.ContainsFunc(bare, isControl), "control characters in it"},
		{strings.ContainsFunc(bare, func(r rune) bool { return r > unicode.MaxASCII }), "characters in it that are not ASCII"},
	} {
		if o.is {
			odd = append(odd, o.name)
		}
	}
	return strings.Join(odd, ", ")
}

// IsBlank reports whether nothing but blanks and quotes is there: what is left of a
// variable that is empty.
func (s Secret) IsBlank() bool {
	bare := strings.TrimFunc(string(s), unicode.IsSpace)
	return bare == "" || bare == `""` || bare == "''"
}

func isControl(r rune) bool { return unicode.IsControl(r) && r != '\r' && r != '\n' }

func isQuoted(s string) bool {
	for _, pair := range []string{`""`, "''", "``", "\u201c\u201d", "\u201e\u201c", "\u2018\u2019"} {
		q := []rune(pair)
		open, end := string(q[0]), string(q[1])
		if len(s) >= len(open)+len(end) && strings.HasPrefix(s, open) && strings.HasSuffix(s, end) {
			return true
		}
	}
	return false
}
