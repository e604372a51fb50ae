package sanitize

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	// Secrets of fewer characters are not looked for, nor are words of fewer
	// letters: they stand in our own sentences, where taking them out would give
	// them away.
	shortestSecret = 6
	shortestWord   = 12
	// longestSecret is how many bytes of a secret are looked for; what follows in a
	// text goes with them.
	longestSecret = 256
	// mostSecrets bounds how many secrets a Redactor knows: files are read again
	// when they change, and the oldest go first.
	mostSecrets = 32
)

// withheld stands for a text in which a secret is written in a way that can be
// recognised, but not cut out.
const withheld = "<text withheld: it holds a secret>"

// Redactor cleans text and takes out the secrets that it knows, in the spellings
// in which a service or a proxy may give them back: as they are; with any of
// their characters percent-encoded, once or more often, or escaped as in JSON or
// HTML; in hexadecimal digits; and in base64 of both alphabets, whatever stands
// before and behind them there, as in HTTP's Basic and SMTP's AUTH PLAIN.
//
// It is safe for concurrent use. A nil Redactor knows no secret.
type Redactor struct {
	mu      sync.RWMutex
	secrets []*secret // oldest first
}

// NewRedactor returns a Redactor that knows these secrets.
func NewRedactor(secrets ...string) *Redactor {
	r := &Redactor{}
	for _, s := range secrets {
		r.Add(s)
	}
	return r
}

// Add makes a secret known. Blanks around it do not count.
func (r *Redactor) Add(text string) {
	text = strings.TrimSpace(text)
	if r == nil || isCommon(text) {
		return
	}
	tail := ""
	if len(text) > longestSecret {
		text, tail = strings.ToValidUTF8(text[:longestSecret], ""), `\S*`
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.secrets, func(s *secret) bool { return s.text == text }) {
		return
	}
	if r.secrets = append(r.secrets, newSecret(text, tail)); len(r.secrets) > mostSecrets {
		r.secrets = slices.Delete(r.secrets, 0, 1)
	}
}

// isCommon reports whether a text may stand anywhere by chance.
func isCommon(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return len(s) < shortestSecret
	}
	return len(s) < shortestWord
}

// Text is like the function [Text], without the secrets.
func (r *Redactor) Text(s string, limit int) string {
	s = bounded(s, limit)
	// Before anything is taken out of the text, and after: a secret must be found
	// although a control character stands in it. Last it is cut off.
	s = printable(withoutTokens(r.redact(s)))
	return shorten(r.redact(s), limit)
}

func (r *Redactor) redact(s string) string {
	if r == nil {
		return s
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.secrets) == 0 {
		return s
	}
	in := newSpellings(s)
	for _, secret := range r.secrets {
		if !secret.isIn(in) {
			continue
		}
		s = secret.pattern.ReplaceAllLiteralString(s, "<secret>")
		if in = newSpellings(s); secret.isIn(in) {
			return withheld
		}
	}
	return s
}
