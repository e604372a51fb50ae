package sanitize

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"plain", "HTTP 403: no", "HTTP 403: no"},
		{"empty", "", ""},
		{"lines", "a\r\nb\u2028c\u0085d\x00e", "a b c d e"},
		{"blanks", "  a \t b\u00a0\u3000c ", "a b c"},
		{"colour", "\x1b[31mred\x1b[0m", "[31mred [0m"},
		{"title", "\x1b]0;owned\x07text", "]0;owned text"},
		{"C1", "a\u009b31mb", "a 31mb"},
		{"direction", "a\u202ecod.exe\u2066b\u200fc", "a cod.exe b c"},
		{"unseen", "a\u200bb\ufeffc\u00add", "a b c d"},
		{"not UTF-8", "a\xff\xfeb", "a\ufffd\ufffdb"},
		{"half a character", "a\xe2\x82", "a\ufffd\ufffd"},
		{"other scripts", "Müller 東京 → ok", "Müller 東京 → ok"},
		{"token", "refused eyJhbGciOiJub25lIn0.eyJhdWQiOiJ4In0.c2ln!", "refused <token>!"},
		{"token cut off", "refused eyJhbGciOiJub25lIn0.eyJhd", "refused <token>"},
		{"opaque token", "Authorization: Bearer 0a1B-2c_3.4~5+6/7==, no", "Authorization: <token>, no"},
		{"the word alone", "bearer of news", "bearer of news"},
		{"forged line", "x\n[2026/11/28 10:00:00.0] [error] [input:o365:o365] lost", "x [2026/11/28 10:00:00.0] [error] [input:o365:o365] lost"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.in, MaxText); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := NewRedactor("unrelated").Text(test.in, MaxText); got != test.want {
				t.Errorf("a Redactor gives %q, want %q", got, test.want)
			}
		})
	}
}

func TestTextIsBounded(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc..."},
		{"äöüäöüä", 6, "äöü..."},
		{"ab cdefg", 6, "ab..."},
		{"abcdef", 2, ".."},
		{"abcdef", 0, ""},
		{strings.Repeat("x", 10<<20), MaxText, strings.Repeat("x", MaxText-3) + "..."},
		{strings.Repeat("\x01", 10<<20), MaxText, ""},
	} {
		if got := Text(test.in, test.limit); got != test.want {
			t.Errorf("%.20q with %d: got %q, want %q", test.in, test.limit, got, test.want)
		}
	}
}

// secrets are of the kinds that people have: Entra's, and passwords with
// whatever keyboards offer.
var secrets = []string{
	"q8Q~aB3.xYz-_0123456789abcdefghijklmnop",
	"pässwörd €uro",
	`a"b\c'd/e&f<g>h%i+j=k?l#m;n`,
	"p4ssw0",
	"simulated-secret",
}

func percentEach(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
	}
	return b.String()
}

func entities(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i%2 == 0 {
			b.WriteString("&#x" + strings.ToUpper(hex.EncodeToString([]byte{byte(r)})) + ";")
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func escapeEach(form, s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, form, r)
	}
	return b.String()
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return strings.Trim(string(text), `"`)
}

// encoded has encodings in which a service may return a secret, made by other code
// than the one under test.
var encoded = map[string]func(string) string{
	"raw":               func(s string) string { return s },
	"query":             url.QueryEscape,
	"path":              url.PathEscape,
	"query, lower case": func(s string) string { return lowerHex(url.QueryEscape(s)) },
	"each percent":      percentEach,
	"two times":         func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
	"three times":       func(s string) string { return percentEach(url.QueryEscape(url.QueryEscape(s))) },
	"JSON":              quoted,
	"JSON in JSON":      func(s string) string { return quoted(quoted(s)) },
	"each escape":       func(s string) string { return escapeEach(`\u%04x`, s) },
	"each ESCAPE":       func(s string) string { return escapeEach(`\U%04X`, s) },
	"HTML":              html.EscapeString,
	"hex":               func(s string) string { return hex.EncodeToString([]byte(s)) },
	"HEX":               func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"base64":            func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64url":         func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
	"AUTH PLAIN":        func(s string) string { return base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + s)) },
	"Basic":             func(s string) string { return base64.StdEncoding.EncodeToString([]byte("ab:" + s)) },
	"Basic and more":    func(s string) string { return base64.StdEncoding.EncodeToString([]byte("u:" + s + " and more")) },
}

func lowerHex(s string) string {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '%' {
			s = s[:i] + strings.ToLower(s[i:i+3]) + s[i+3:]
		}
	}
	return s
}

func TestRedactor(t *testing.T) {
	for _, secret := range secrets {
		r := NewRedactor("another one", secret+"\r\n")
		for name, encode := range encoded {
			text := encode(secret)
			got := r.Text("refused: "+text+", no", MaxDetail)
			cutOut := strings.HasPrefix(got, "refused: ") && strings.Contains(got, "<secret>") && strings.HasSuffix(got, ", no")
			if !cutOut && !(got == withheld && strings.HasSuffix(name, "times")) || strings.Contains(got, text) {
				t.Errorf("%q as %s, %s: got %q", secret, name, text, got)
			}
		}
		if isASCII(secret) {
			for _, text := range []string{entities(secret), escapeEach(`\x%02x`, secret), escapeEach(`\x%02X`, secret)} {
				if got := r.Text("refused: "+text, MaxDetail); got != "refused: <secret>" {
					t.Errorf("%q as %s: got %q", secret, text, got)
				}
			}
		}
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// What a service puts into a secret, or around it, does not bypass the redaction.
func TestRedactorAfterCleaning(t *testing.T) {
	r := NewRedactor("simulated secret")
	for _, text := range []string{
		"simulated\x00secret", "simulated\r\n secret", "simulated\u202e\u200bsecret", "xsimulated secretx",
		strings.Repeat("y", MaxText-10) + " simulated secret", // which would be cut off in its middle
	} {
		if got := r.Text(text, MaxText); strings.Contains(got, "simulated secret") || len(got) < MaxText-10 && !strings.Contains(got, "<secret>") {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// A file may hold anything.
func TestLongSecret(t *testing.T) {
	long := strings.Repeat("0123456789abcdef", 1<<16)
	r := NewRedactor(long, strings.Repeat("\x00\xff", 1<<19))
	if got := r.Text("it is "+long[:1000]+" or not", MaxDetail); got != "it is <secret> or not" {
		t.Errorf("got %.100q", got)
	}
}

func TestRedactorForgetsOldest(t *testing.T) {
	r := NewRedactor("first one")
	for i := range maxSecrets {
		r.Add("secret number " + string(rune('a'+i)))
	}
	if got := r.Text("first one, secret number a", MaxText); got != "first one, <secret>" {
		t.Errorf("got %q", got)
	}
	for _, common := range []string{"", "no", "o365", "wrong", "password"} { // which would give itself away
		r.Add(common)
		if got := r.Text("it is "+common+".", MaxText); got != "it is "+common+"." {
			t.Errorf("got %q", got)
		}
	}
	var none *Redactor
	none.Add("secret")
	if got := none.Text("a\nb", MaxText); got != "a b" {
		t.Errorf("without a Redactor: got %q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a\xffb", "\x1b[31m", "Bearer abcdefghijk", "simulated-secret", "eyJhbGciOiJub25lIn0.e30.", "%73imulated-secret"} {
		f.Add(s, 20)
	}
	r := NewRedactor("simulated-secret")
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = limit & 1023
		for _, got := range []string{Text(s, limit), r.Text(s, limit)} {
			if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit {
				t.Fatalf("%q with %d: got %q", s, limit, got)
			}
			for _, c := range got {
				if !unicode.IsPrint(c) {
					t.Fatalf("%q: %q is in %q", s, c, got)
				}
			}
			if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
				t.Fatalf("%q: blanks in %q", s, got)
			}
		}
		if got := r.Text(s, limit); strings.Contains(got, "simulated-secret") {
			t.Fatalf("%q: the secret is in %q", s, got)
		}
	})
}

func BenchmarkRedactor(b *testing.B) {
	r := NewRedactor(secrets...)
	line := "GET /api/v1.0/11111111-2222-4333-8444-555555555555/activity/feed/audit/20261128053000000000000$audit_exchange$emea0036: 200 after 12ms"
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		r.Text(line, MaxLine)
	}
}
