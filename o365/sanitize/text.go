// Package sanitize makes text of foreign origin fit to be shown: what a
// service, a proxy, a mail server, a file or a token put into an error, a name
// or a reason, on its way to the log, a record, a mail or the state file.
//
// [Text] cleans a piece of such text; a [Redactor] does so too and takes out
// the secrets that it knows.
package sanitize

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of text, in characters.
const (
	// MaxText is for a name, reason or message of foreign origin.
	MaxText = 200
	// MaxDetail is for several of them in one sentence.
	MaxDetail = 500
	// MaxRemedy is for what to do, with commands in it.
	MaxRemedy = 1000
	// MaxLine is for a whole line of the log.
	MaxLine = 4000
)

const cut = "..."

// tokenPattern finds bearer tokens: what follows the scheme's name, and JSON Web
// Tokens, which begin with the base64url of `{"`, also when their end is missing
// (RFC 6750, RFC 7519).
var tokenPattern = regexp.MustCompile(`(?i:\bbearer[ :=]+)[\w.~+/=-]{8,}|\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}`)

// Text returns s as one line of at most limit characters: valid UTF-8, with
// nothing in it that is not seen (control and format characters, among them
// those that colour a terminal or turn the direction of writing), blanks
// collapsed, and without bearer tokens. What is longer ends with "...".
func Text(s string, limit int) string {
	return shorten(printable(withoutTokens(bounded(s, limit))), limit)
}

// bounded cuts off what can't be seen in the end: a body of megabytes makes no
// line.
func bounded(s string, limit int) string { return s[:min(len(s), 16*max(limit, MaxText))] }

func withoutTokens(s string) string {
	if !strings.Contains(s, "eyJ") && !containsFold(s, "bearer") {
		return s
	}
	return tokenPattern.ReplaceAllString(s, "<token>")
}

func containsFold(s, lower string) bool { return strings.Contains(strings.ToLower(s), lower) }

// printable replaces each run of what is not seen, blanks included, by one
// blank.
func printable(s string) string {
	if isPrintable(s) {
		return s
	}
	var b strings.Builder
	blank := false
	for _, r := range s { // a byte that is not UTF-8 gives U+FFFD
		if r == ' ' || !unicode.IsPrint(r) {
			blank = b.Len() > 0
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

func isPrintable(s string) bool {
	before := byte(' ')
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == ' ' && before == ' ' {
			return false
		}
		before = s[i]
	}
	return s == "" || before != ' '
}

// shorten cuts s to limit characters.
func shorten(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	keep := max(limit-len(cut), 0)
	for i := range s {
		if keep == 0 {
			return strings.TrimRight(s[:i], " ") + cut[:min(len(cut), limit)]
		}
		keep--
	}
	return s
}
