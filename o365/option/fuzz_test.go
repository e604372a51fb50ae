package option

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
)

func FuzzDuration(f *testing.F) {
	for _, s := range []string{"90s", "15m", "12h", "7d", "1d12h", "1.5d", "0", "d", "-5m", "-1d", "106752d", "1d-1h", "5m1d", "106751d24h", "1µs", ".d", "9e9d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDuration(s)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("%q is negative: %v", s, d)
		}
		if again, err := parseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is %v, and that is %v, %v", s, d, again, err)
		}
		if !strings.ContainsAny(s, "dD") {
			if want, err := time.ParseDuration(strings.ToLower(s)); err != nil || d != want {
				t.Fatalf("%q is %v, time.ParseDuration says %v, %v", s, d, want, err)
			}
		}
	})
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"0", "512k", "1M", "2gb", "k", "1kk", "1b", "-1", "+1", "1.5M", "9223372036854775807", "9223372036854775808", "9223372037G"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseSize(s)
		if err != nil {
			return
		}
		if n < 0 {
			t.Fatalf("%q is negative: %d", s, n)
		}
		if again, err := parseSize(strconv.FormatInt(n, 10)); err != nil || again != n {
			t.Fatalf("%q is %d, and that is %d, %v", s, n, again, err)
		}
	})
}

// An address ends up in a header.
func FuzzEmail(f *testing.F) {
	for _, s := range []string{"a@b", "Ops <a@b>", "=?utf-8?q?a=0D=0Ab?= <a@b>", `"a b"@c`, "a@b (c)", "ü@ü", "a@[127.0.0.1]", "<a@b", "\"\r\" <a@b>", "a@c(\\\\\\\\\xbe\x93\xd6yyyyyyyy\xe9)", "a@c(\\\\y\\ϓymyyyyh\\i)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseEmail(s)
		if err != nil {
			return
		}
		text, _ := v.(string)
		if strings.ContainsFunc(text, unicode.IsControl) || !strings.Contains(text, "@") {
			t.Fatalf("%q is %q", s, text)
		}
		if again, err := parseEmail(text); err != nil || again != v {
			t.Fatalf("%q is %q, and that is %q, %v", s, text, again, err)
		}
	})
}

func FuzzSMTP(f *testing.F) {
	for _, s := range []string{"smtp://h", "smtps://u:p@h:465", "smtp://u@d@h:587", "smtp://[::1]:25?starttls=off", "smtp://h?starttls=off&x", "smtp://h:99999", "smtp:h", "smtp://u:p#@h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := parseSMTP(s)
		if err != nil {
			return
		}
		text, _ := v.(string)
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
			t.Fatalf("%q is %q: %v", s, text, err)
		}
		if again, err := parseSMTP(text); err != nil || again != v {
			t.Fatalf("%q is %q, and that is %q, %v", s, text, again, err)
		}
	})
}
