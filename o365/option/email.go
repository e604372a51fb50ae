package option

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// parseEmail returns an address in the form of a header (RFC 5322), without angle
// brackets if there is no name. It refuses control characters and what is not UTF-8,
// also in the encoded words of a name (RFC 2047).
func parseEmail(text string) (any, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(text+a.Name+a.Address, unicode.IsControl) || !utf8.ValidString(text+a.Name+a.Address) {
		return nil, fmt.Errorf("%s is not a mail address", quote(text))
	}
	header := a.String()
	if _, err := mail.ParseAddress(header); err != nil { // net/mail writes some names as no one can read them
		return nil, fmt.Errorf("%s is not a mail address", quote(text))
	}
	if a.Name == "" {
		return strings.Trim(header, "<>"), nil
	}
	return header, nil
}
