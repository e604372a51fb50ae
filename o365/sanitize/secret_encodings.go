package sanitize

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
)

// A secret is searched for in texts.
type secret struct {
	text    string
	plus    string   // text as in a query, with + for blanks
	hex     string   // lower case
	encoded []string // in base64 with + and /, see base64Cores

	pattern *regexp.Regexp // matches the secret in its usual encodings
}

// base64Digit matches one digit of base64, of either alphabet (RFC 4648).
const base64Digit = "[A-Za-z0-9+/_-]"

func newSecret(text, tail string) *secret {
	s := &secret{text: text, plus: strings.ReplaceAll(text, " ", "+"), hex: hex.EncodeToString([]byte(text)), encoded: base64Cores(text)}
	var escaped, digits strings.Builder
	for _, r := range text {
		fmt.Fprintf(&escaped, "(?:%s)", strings.Join(encodings(r), "|"))
	}
	for _, c := range []byte(text) {
		digits.WriteString(hexDigits(c))
	}
	all := []string{escaped.String(), digits.String()}
	for _, core := range s.encoded {
		core = strings.NewReplacer(`\+`, `[+-]`, "/", "[/_]").Replace(regexp.QuoteMeta(core))
		all = append(all, base64Digit+"*"+core+base64Digit+"*={0,2}") // the digits beside the core encode parts of the secret too
	}
	s.pattern = regexp.MustCompile("(?:" + strings.Join(all, "|") + ")" + tail)
	return s
}

// isIn reports whether the secret is in a text, in any encoding.
func (s *secret) isIn(text forms) bool {
	for _, t := range text.decoded {
		if strings.Contains(t, s.text) || s.plus != s.text && strings.Contains(t, s.plus) {
			return true
		}
	}
	return strings.Contains(text.lower, s.hex) ||
		slices.ContainsFunc(s.encoded, func(core string) bool { return strings.Contains(text.base64, core) })
}

// encodings returns regular expressions of the usual encodings of one character.
func encodings(r rune) []string {
	literal := regexp.QuoteMeta(string(r))
	percent := ""
	for _, c := range []byte(string(r)) {
		percent += "%(?:25)*" + hexDigits(c)
	}
	ways := []string{
		`\\*` + literal, // JSON may put a backslash before it
		percent,
		fmt.Sprintf(`\\+[uU](?i:%04x)`, r), fmt.Sprintf(`\\+x(?i:%02x)`, r),
		fmt.Sprintf("&#0*%d;", r), fmt.Sprintf("&#[xX]0*(?i:%x);", r),
	}
	if name := html.EscapeString(string(r)); name != string(r) {
		ways = append(ways, name)
	}
	switch r {
	case ' ':
		ways = append(ways, `\+`)
	case '"':
		ways = append(ways, "&quot;")
	case '\'':
		ways = append(ways, "&apos;")
	}
	return ways
}

// hexDigits returns a regular expression of the two digits of a byte, in either
// case.
func hexDigits(c byte) string { return fmt.Sprintf("(?i:%02x)", c) }

// base64Cores returns the base64 of a text for each of the three offsets at which
// it can begin in what is encoded, without the digits at its ends that encode
// neighbouring bytes too.
func base64Cores(text string) []string {
	const minDigits = 4 // fewer are found by chance
	var all []string
	for before := range 3 {
		digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		if core := digits[(8*before+5)/6 : 8*(before+len(text))/6]; len(core) >= minDigits {
			all = append(all, core)
		}
	}
	return all
}
