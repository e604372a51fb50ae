package sanitize

import (
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// forms are a text and its decodings, in which secrets are searched for. To search
// all of them for literal text is far cheaper than to match patterns.
type forms struct {
	decoded []string // the text and its decodings
	lower   string   // the text in lower case
	base64  string   // the text with the digits + and / in place of - and _
}

// maxForms bounds the decodings of a text. Only a service made for the purpose
// encodes in more layers.
const maxForms = 24

var usualAlphabet = strings.NewReplacer("-", "+", "_", "/")

// decode returns the forms of a text.
func decode(text string) forms {
	s := forms{decoded: []string{text}, lower: strings.ToLower(text), base64: usualAlphabet.Replace(text)}
	// One decoding may destroy what another needs, so each is applied to the
	// result of every other.
	for i := 0; i < len(s.decoded); i++ {
		for _, unescape := range []func(string) string{unescapePercent, unescapeBackslash, html.UnescapeString} {
			form := unescape(s.decoded[i])
			if len(s.decoded) < maxForms && !slices.Contains(s.decoded, form) {
				s.decoded = append(s.decoded, form)
			}
		}
	}
	return s
}

// unescapePercent decodes percent-encoding, and leaves other % as they are.
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

// unescapeBackslash decodes the escapes of JSON, and \xXX.
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
