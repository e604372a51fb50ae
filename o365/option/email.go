package option

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
)

// parseEmail gives an address as a header has it (RFC 5322), alone if there is
// no name with it. No control character gets through, not even in the encoded
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
