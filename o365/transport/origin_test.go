package transport

import (
	"net/url"
	"testing"
)

// Only what is the same host for whoever connects to it is the same origin.
func TestOriginAdmits(t *testing.T) {
	own, err := url.Parse("https://manage.office.com/api")
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"https://manage.office.com":             true,
		"https://manage.office.com:443/x?y#z":   true,
		"HTTPS://Manage.OFFICE.com/":            true,
		"https://manage.office.com./":           true, // the same name, fully qualified
		"https://manage.office.com../":          false,
		"http://manage.office.com/":             false,
		"https://manage.office.com:444/":        false,
		"https://user@manage.office.com/":       false,
		"https://manage.office.com.example/":    false,
		"https://manage.office.com%2eexample/":  false,
		"https:manage.office.com":               false,
		"//manage.office.com/":                  false,
		"https://manage.off\u0130ce.com/":       false, // lower case has an ASCII i, net/http goes to manage.xn--office-syd.com
		"https://manage.off%C4%B0ce.com/":       false,
		"https://\uff4danage.office.com/":       false, // a wide m
		"https://manage\u3002office.com/":       false, // another dot
		"https://manage.office.com\u200b/":      false,
		"https://xn--manage-jxf.office.com:443": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			if want {
				t.Error(err)
			}
			continue
		}
		if got := OriginOf(own).Admits(u); got != want {
			t.Errorf("%q is admitted: %v", address, got)
		}
	}
}
