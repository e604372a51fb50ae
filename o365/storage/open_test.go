package storage

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/azurite"
)

func TestOpen(t *testing.T) {
	for _, test := range []struct{ url, account, container, prefix, asks string }{
		{"https://acct.blob.core.windows.net/audit", "acct", "audit", "", "https://acct.blob.core.windows.net/audit"},
		{"https://Acct.Blob.core.windows.net/audit/", "acct", "audit", "", "https://acct.blob.core.windows.net/audit"},
		{"https://acct.blob.core.windows.net/audit/a/b%20c", "acct", "audit", "a/b c/", "https://acct.blob.core.windows.net/audit"},
		{"https://acct.blob.core.usgovcloudapi.net/audit", "acct", "audit", "", "https://acct.blob.core.usgovcloudapi.net/audit"},
		{"https://acct.blob.core.chinacloudapi.cn/a-1", "acct", "a-1", "", "https://acct.blob.core.chinacloudapi.cn/a-1"},
		{"https://acct.z12.blob.storage.azure.net/audit", "acct", "audit", "", "https://acct.z12.blob.storage.azure.net/audit"},
		{"https://acct.privatelink.blob.core.windows.net/audit", "acct", "audit", "", "https://acct.privatelink.blob.core.windows.net/audit"},
		{"https://blobs.example.org:8443/audit/x", "blobs", "audit", "x/", "https://blobs.example.org:8443/audit"},
		{"https://10.0.0.4/acct/audit/x", "acct", "audit", "x/", "https://10.0.0.4/acct/audit"},
		{"http://127.0.0.1:10000/devstoreaccount1/audit", "devstoreaccount1", "audit", "", "http://127.0.0.1:10000/devstoreaccount1/audit"},
		{"http://localhost:10000/devstoreaccount1/audit/x/y", "devstoreaccount1", "audit", "x/y/", "http://localhost:10000/devstoreaccount1/audit"},
		{"http://[::1]:10000/devstoreaccount1/audit", "devstoreaccount1", "audit", "", "http://[::1]:10000/devstoreaccount1/audit"},
	} {
		s, err := Open(test.url, Options{HTTP: http.DefaultClient, SharedKey: emulatorKey})
		if err != nil {
			t.Errorf("%s: %v", test.url, err)
			continue
		}
		a := s.(*azure)
		if a.account != test.account || a.place.container != test.container || a.prefix != test.prefix || a.client.URL() != test.asks {
			t.Errorf("%s: account %q, container %q, prefix %q at %s", test.url, a.account, a.place.container, a.prefix, a.client.URL())
		}
	}
	for url, want := range map[string]string{"file:///var/lib/audit": "/var/lib/audit", "file:///a%20b/": "/a b/", "file:///": "/"} {
		if s, err := Open(url, Options{}); err != nil || s.(*Folder).dir != want {
			t.Errorf("%s: %v, %v", url, s, err)
		}
	}
}

func TestOpenBad(t *testing.T) {
	const azure = "it should be like https://ACCOUNT.blob.core.windows.net/CONTAINER or https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX"
	const both = azure + " or file:///FOLDER"
	const local = "it should be like https://10.0.0.4/ACCOUNT/CONTAINER or https://10.0.0.4/ACCOUNT/CONTAINER/PREFIX"
	for _, test := range []struct{ url, want string }{
		{"", "the URL is empty; " + both},
		{"acct.blob.core.windows.net/audit", "the URL does not begin with https:// or file://; " + both},
		{"/var/lib/audit", "the URL does not begin with https:// or file://; " + both},
		{" https://acct.blob.core.windows.net/audit", "the URL has blanks at its ends, or characters that a URL can't have; " + both},
		{"https://acct.blob.core.windows.net/audit\n", "the URL has blanks at its ends, or characters that a URL can't have; " + both},
		{"https://acct.blob.core.windows.net/%zz?sig=topsecret", "the URL has blanks at its ends, or characters that a URL can't have; " + both},
		{"s3://bucket/audit", "the URL begins with s3:, which is none of https: and file:; " + both},
		{"abfss://audit@acct.dfs.core.windows.net/x", "the URL begins with abfss://, which is for Hadoop; " + azure},
		{"wasbs://acct/audit", "the URL begins with wasbs://, which is for Hadoop; " + azure},
		{"https://u:topsecret@acct.blob.core.windows.net/audit", "the URL has a user or password before the @; " + azure},
		{"https://acct.blob.core.windows.net/audit?sv=1&sig=topsecret", "the URL has a ? and what follows, such as a SAS, which belongs in a file of its own; " + azure},
		{"https://acct.blob.core.windows.net/audit#topsecret", "the URL has a # and what follows; write %23 for the character itself; " + azure},
		{"https://acct.dfs.core.windows.net/audit", "the URL is that of the account's dfs service; it should be like https://acct.blob.core.windows.net/CONTAINER"},
		{"https://acct-secondary.blob.core.windows.net/audit", "the URL is that of the account's second copy, which can only be read; it should be like https://acct.blob.core.windows.net/CONTAINER"},
		{"https://acct.queue.core.windows.net/audit", "the URL is that of the account's queue service; it should be like https://acct.blob.core.windows.net/CONTAINER"},
		{"https://acct.blob.core.windows.net", "the URL names no container; " + azure},
		{"https://acct.blob.core.windows.net/", "the URL names no container; " + azure},
		{"https:///audit", "the URL names no account; " + azure},
		{"https://acct/audit", "the URL names no account; " + azure},
		{"https://10.0.0.4", "the URL names no account; " + local},
		{"https://10.0.0.4/acct", "the URL names no container; " + local},
		{"https://acct.blob.core.windows.net/Audit", `the URL has the container "Audit"; a container has 3 to 63 lower case letters, digits and single hyphens; ` + azure},
		{"https://acct.blob.core.windows.net/ab", `the URL has the container "ab"; a container has 3 to 63 lower case letters, digits and single hyphens; ` + azure},
		{"https://acct.blob.core.windows.net/a--b", `the URL has the container "a--b"; a container has 3 to 63 lower case letters, digits and single hyphens; ` + azure},
		{"https://acct.blob.core.windows.net/audit/x//y", `the URL has a prefix that can't be used: the name "x//y" has an empty part; ` + azure},
		{"https://acct.blob.core.windows.net/audit/../y", `the URL has a prefix that can't be used: the name "../y" has a part with a dot at its start or end; ` + azure},
		{"https://acct.blob.core.windows.net/audit/.x", `the URL has a prefix that can't be used: the name ".x" has a part with a dot at its start or end; ` + azure},
		{"http://acct.blob.core.windows.net/audit", "the URL begins with http://, which anybody on the way can read; " + azure},
		{"http://10.0.0.4/acct/audit", "the URL begins with http://, which anybody on the way can read; " + local},
		{"file://var/lib/audit", "the URL has two slashes before var, which makes a machine of it; it should be like file:///var/lib/audit"},
		{"file:audit", "the URL does not name the whole path of a folder; it should be like file:///FOLDER"},
		{"file://", "the URL does not name the whole path of a folder; it should be like file:///FOLDER"},
	} {
		_, err := Open(test.url, Options{HTTP: http.DefaultClient, SharedKey: emulatorKey})
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\n got %v\nwant %s", test.url, err, test.want)
		}
	}
}

func TestOpenOptions(t *testing.T) {
	sas := func() (option.Secret, error) { return "sv=1&sig=x", nil }
	const internal = "internal error: a container needs one login and an HTTP client; please report this bug"
	for _, test := range []struct {
		url  string
		o    Options
		want string
	}{
		{"https://a.blob.core.windows.net/audit", Options{HTTP: http.DefaultClient}, internal},
		{"https://a.blob.core.windows.net/audit", Options{SAS: sas}, internal},
		{"https://a.blob.core.windows.net/audit", Options{HTTP: http.DefaultClient, SAS: sas, SharedKey: emulatorKey}, internal},
		{"https://a.blob.core.windows.net/audit", Options{HTTP: http.DefaultClient, SAS: sas, Tier: "Cool"}, `the access tier "Cool" is none of hot, cool, cold, archive`},
		{"http://127.0.0.1/a/audit", Options{HTTP: http.DefaultClient, Credential: azurite.Credential{}}, "a login needs https, which Azurite speaks with --oauth basic and a certificate; or use its key"},
	} {
		if _, err := Open(test.url, test.o); err == nil || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", test.url, err, test.want)
		}
	}
}

// FuzzOpen has no URL lead to another host than the one it names, or to one over plain
// HTTP that is not this machine.
func FuzzOpen(f *testing.F) {
	for _, url := range []string{
		"https://acct.blob.core.windows.net/audit/x%2F..%2Fy", "http://127.0.0.1:10000/acct/audit", "file:///a/../b", "https://[::1]/a/bcd?sig=topsecret", "https://u:topsecret@x.y/abc",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Open(text, Options{HTTP: http.DefaultClient, SharedKey: emulatorKey})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q: not one line: %q", text, err)
			}
			return
		}
		a, ok := s.(*azure)
		if !ok {
			return
		}
		u, err := url.Parse(a.client.URL())
		if err != nil || u.User != nil || u.RawQuery != "" || !strings.EqualFold(u.Host, must(url.Parse(text))(t).Host) {
			t.Errorf("%q leads to %s, %v", text, a.client.URL(), err)
		}
		if ip := net.ParseIP(u.Hostname()); u.Scheme != "https" && !ip.IsLoopback() && u.Hostname() != "localhost" {
			t.Errorf("%q leads to %s", text, u)
		}
		if checkName(a.prefix+"a") != nil {
			t.Errorf("%q has the prefix %q", text, a.prefix)
		}
	})
}
