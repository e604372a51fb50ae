package option

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
)

// parseEmail returns an address in the form of a header (RFC 5322), without angle
// brackets if there is no name. It refuses control characters, also in the encoded
// words of a name (RFC 2047).
func parseEmail(text string) (any, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(text+a.Name+a.Address, unicode.IsControl) {
		return nil, fmt.Errorf("%s is not a mail address", quote(text))
	}
	if a.Name == "" {
		return strings.Trim(a.String(), "<>"), nil
	}
	return a.String(), nil
}
