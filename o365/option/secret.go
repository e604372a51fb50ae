package option

import (
	"fmt"
	"log/slog"
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
