package option

import (
	"strconv"
	"strings"
	"testing"
	"time"
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
