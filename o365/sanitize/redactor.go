package sanitize

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

const (
	// Secrets of fewer bytes are not searched for, nor words of fewer letters: they
	// occur in our own sentences, where a redaction would give them away.
	minSecretBytes = 6
	minWordBytes   = 12
	// maxSecretBytes is how many bytes of a secret are searched for; what follows in
	// a text is redacted with them.
	maxSecretBytes = 256
	// maxSecrets bounds how many secrets a Redactor knows: files are read again
	// when they change. The oldest are dropped first.
	maxSecrets = 32
)

// withheld replaces a text with a secret in an encoding that can be recognised,
// but not cut out.
const withheld = "<text withheld: it holds a secret>"

// A Redactor cleans text and redacts the secrets that it knows, in the encodings
// in which a service or a proxy may return them: as they are; with any of their
// characters percent-encoded, once or more often, or escaped as in JSON or HTML;
// in hexadecimal digits; and in base64 of both alphabets, at any offset, as in
// HTTP's Basic and SMTP's AUTH PLAIN.
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

// Add adds a secret, without the blanks around it. It has no effect on a nil
// Redactor.
func (r *Redactor) Add(text string) {
	text = strings.TrimSpace(text)
	if r == nil || isCommon(text) {
		return
	}
	tail := ""
	if len(text) > maxSecretBytes {
		text, tail = strings.ToValidUTF8(text[:maxSecretBytes], ""), `\S*`
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.ContainsFunc(r.secrets, func(s *secret) bool { return s.text == text }) {
		return
	}
	if r.secrets = append(r.secrets, newSecret(text, tail)); len(r.secrets) > maxSecrets {
		r.secrets = slices.Delete(r.secrets, 0, 1)
	}
}

// isCommon reports whether a text may occur anywhere by chance.
func isCommon(s string) bool {
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return len(s) < minSecretBytes
	}
	return len(s) < minWordBytes
}

// Text is the function [Text] with each secret replaced by <secret>, or the whole
// text where that is not possible.
func (r *Redactor) Text(s string, limit int) string {
	s = bounded(s, limit)
	// It redacts before and after the removal of control characters: a secret with
	// one in it must be found. It shortens last.
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
	in := decode(s)
	for _, secret := range r.secrets {
		if !secret.isIn(in) {
			continue
		}
		s = secret.pattern.ReplaceAllLiteralString(s, "<secret>")
		if in = decode(s); secret.isIn(in) {
			return withheld
		}
	}
	return s
}
