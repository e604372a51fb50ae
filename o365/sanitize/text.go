// Package sanitize cleans foreign text: what a service, a proxy, a mail server, a
// file or a token has put into an error, a name or a reason, before it is written
// to the log, a record, a mail or the state file.
//
// [Text] cleans a piece of such text; a [Redactor] also redacts the secrets that
// it knows.
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
	// MaxRemedy is for a remedy, with commands in it.
	MaxRemedy = 1000
	// MaxLine is for a line of the log.
	MaxLine = 4000
)

const ellipsis = "..."

// tokenPattern finds bearer tokens: what follows the scheme's name, and JSON Web
// Tokens, which begin with the base64url of `{"`, also when their end is missing
// (RFC 6750, RFC 7519).
var tokenPattern = regexp.MustCompile(`(?i:\bbearer[ :=]+)[\w.~+/=-]{8,}|\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}`)

// Text returns s as one line of at most limit characters: valid UTF-8, without
// control and format characters (among them those that colour a terminal or
// change the direction of writing), blanks collapsed, and bearer tokens replaced
// by <token>. A longer text is cut and ends with "...".
func Text(s string, limit int) string {
	return shorten(printable(withoutTokens(bounded(s, limit))), limit)
}

// bounded bounds the bytes to process: a body of megabytes ends as one short line.
func bounded(s string, limit int) string { return s[:min(len(s), 16*max(limit, MaxText))] }

func withoutTokens(s string) string {
	if !strings.Contains(s, "eyJ") && !containsFold(s, "bearer") {
		return s
	}
	return tokenPattern.ReplaceAllString(s, "<token>")
}

func containsFold(s, lower string) bool { return strings.Contains(strings.ToLower(s), lower) }

// printable replaces each run of unprintable characters and blanks by one blank.
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
	keep := max(limit-len(ellipsis), 0)
	for i := range s {
		if keep == 0 {
			return strings.TrimRight(s[:i], " ") + ellipsis[:min(len(ellipsis), limit)]
		}
		keep--
	}
	return s
}
