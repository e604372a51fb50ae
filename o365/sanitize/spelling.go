package sanitize

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// secret is what is looked for in texts.
type secret struct {
	text    string
	plus    string   // text as in a query: blanks are +
	hex     string   // lower case
	encoded []string // in base64 with + and /: see cores

	pattern *regexp.Regexp // matches the secret in its usual spellings
}

// digit matches one of base64, of either alphabet.
const digit = "[A-Za-z0-9+/_-]"

func newSecret(text, tail string) *secret {
	s := &secret{text: text, plus: strings.ReplaceAll(text, " ", "+"), hex: hex.EncodeToString([]byte(text)), encoded: cores(text)}
	var escaped, digits strings.Builder
	for _, r := range text {
		fmt.Fprintf(&escaped, "(?:%s)", strings.Join(spelled(r), "|"))
	}
	for _, c := range []byte(text) {
		digits.WriteString(hexDigits(c))
	}
	all := []string{escaped.String(), digits.String()}
	for _, core := range s.encoded {
		core = strings.NewReplacer(`\+`, `[+-]`, "/", "[/_]").Replace(regexp.QuoteMeta(core))
		all = append(all, digit+"*"+core+digit+"*={0,2}") // the digits beside it have a part of it
	}
	s.pattern = regexp.MustCompile("(?:" + strings.Join(all, "|") + ")" + tail)
	return s
}

// isIn reports whether the secret is in a text, in any of its spellings.
func (s *secret) isIn(text spellings) bool {
	for _, t := range text.decoded {
		if strings.Contains(t, s.text) || s.plus != s.text && strings.Contains(t, s.plus) {
			return true
		}
	}
	return strings.Contains(text.lower, s.hex) ||
		slices.ContainsFunc(s.encoded, func(core string) bool { return strings.Contains(text.base64, core) })
}

// spellings are a text in the forms in which secrets are looked for: looking for
// literal text in all of them is far cheaper than matching patterns.
type spellings struct {
	decoded []string // the text, and what decoding makes of it
	lower   string
	base64  string // with the digits of the usual alphabet
}

// mostForms bounds how many forms of a text are looked at. A service that
// encodes in more layers than that has been made for the purpose.
const mostForms = 24

var usualAlphabet = strings.NewReplacer("-", "+", "_", "/")

func newSpellings(text string) spellings {
	s := spellings{decoded: []string{text}, lower: strings.ToLower(text), base64: usualAlphabet.Replace(text)}
	// One way of decoding may destroy what another needs, so each is applied to
	// what every other gave.
	for i := 0; i < len(s.decoded); i++ {
		for _, decode := range []func(string) string{unescapePercent, unescapeBackslash, html.UnescapeString} {
			form := decode(s.decoded[i])
			if len(s.decoded) < mostForms && !slices.Contains(s.decoded, form) {
				s.decoded = append(s.decoded, form)
			}
		}
	}
	return s
}

// unescapePercent undoes percent-encoding where it is some.
func unescapePercent(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if rest := s[i:]; len(rest) >= 3 && rest[0] == '%' && isHex(rest[1:3]) {
			b = append(b, byte(number(rest[1:3])))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

// unescapeBackslash undoes the escapes of JSON, and \xXX.
func unescapeBackslash(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch rest := s[i:]; {
		case len(rest) >= 6 && rest[0] == '\\' && rest[1]|0x20 == 'u' && isHex(rest[2:6]):
			b = utf8.AppendRune(b, rune(number(rest[2:6])))
			i += 5
		case len(rest) >= 4 && rest[0] == '\\' && rest[1] == 'x' && isHex(rest[2:4]):
			b = append(b, byte(number(rest[2:4])))
			i += 3
		case len(rest) >= 2 && rest[0] == '\\':
			b = append(b, rest[1])
			i++
		default:
			b = append(b, rest[0])
		}
	}
	return string(b)
}

func isHex(s string) bool {
	_, err := strconv.ParseUint(s, 16, 32)
	return err == nil
}

func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 16, 32)
	return n
}

// spelled are regular expressions for the usual ways to write one character.
func spelled(r rune) []string {
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

// hexDigits matches the two digits of a byte in either case.
func hexDigits(c byte) string { return fmt.Sprintf("(?i:%02x)", c) }

// cores are what base64 makes of a text at each of the three places where it may
// begin in what is encoded, without the digits at its ends in which other bytes
// have a part.
func cores(text string) []string {
	const least = 4 // digits; fewer are found by chance
	var all []string
	for before := range 3 {
		digits := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), text...))
		if core := digits[(8*before+5)/6 : 8*(before+len(text))/6]; len(core) >= least {
			all = append(all, core)
		}
	}
	return all
}
