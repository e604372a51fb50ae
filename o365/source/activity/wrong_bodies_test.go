package activity

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// goType is what an error of encoding/json names, which means nothing to users.
var goType = regexp.MustCompile(`json:|unmarshal|invalid character|Go |\[\]\w*\.|struct|activity\.`)

// Every call with every wrong body, whatever the status of success: an error is that
// error, and what is no answer of the service is named as what it is
// (ddbnl/office365-audit-log-collector#63, wazuh/wazuh#16485, counteractive/o365beat#21).
func TestEveryCallWithEveryBody(t *testing.T) {
	const (
		page  = "answer: a web page came instead of JSON: is a proxy or a firewall between?"
		empty = "answer: it is empty"
		array = "answer: body is not a JSON array"
	)
	calls := []struct {
		op    source.Op
		right string
		call  func(c *Client, uri string) error
	}{
		{source.OpSubscriptions, `[{"contentType":"Audit.General","status":"enabled","webhook":null}]`, func(c *Client, _ string) error {
			list, _, err := c.Subscriptions(t.Context())
			if err == nil && (len(list) != 1 || !list[0].Enabled) {
				err = fmt.Errorf("got %+v", list)
			}
			return err
		}},
		{source.OpStart, `{"contentType":"Audit.General","status":"enabled","webhook":null}`, func(c *Client, _ string) error {
			started, err := c.Start(t.Context(), General)
			if started != (err == nil) {
				err = fmt.Errorf("started %t, %v", started, err)
			}
			return err
		}},
		{source.OpList, `[{"contentId":"a","contentUri":"https://x/a"}]`, func(c *Client, _ string) error {
			page, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", source.Want{})
			if err == nil && (len(page.Items) != 1 || page.Bad > 0) {
				err = fmt.Errorf("got %+v", page)
			}
			return err
		}},
		{source.OpDownload, `[{"Id":"a","CreationTime":"2026-11-28T01:00:00"}]`, func(c *Client, uri string) error {
			body, err := c.Open(t.Context(), source.Item{URI: uri})
			if err != nil {
				return err
			}
			defer body.Close()
			text, err := io.ReadAll(body)
			if err == nil && !strings.HasSuffix(string(text), `[{"Id":"a","CreationTime":"2026-11-28T01:00:00"}]`) {
				err = fmt.Errorf("got %q", text)
			}
			return err
		}},
	}
	for _, tt := range []struct {
		name   string
		body   string // RIGHT: the right one of the call
		want   string // the error behind the name of the call; STATUS: "HTTP 200"
		start  string // that of a start, which answers an object, if it is another
		action source.Action
		what   string // of its explanation
	}{
		{"right", "RIGHT", "", "", source.Done, ""},
		{"byte order mark", "\ufeffRIGHT", "", "", source.Done, ""},
		{"byte order marks and space", "\ufeff\r\n\ufeff RIGHT", "", "", source.Done, ""},
		{"throttled", `{"error":{"code":"AF429","message":"Too many requests."}}`, "STATUS AF429: Too many requests.", "", source.Throttle, "requests fail"},
		{"throttled behind a mark", "\ufeff\n" + `{"error":{"code":"AF429","message":"Too many requests."}}`, "STATUS AF429: Too many requests.", "", source.Throttle, "requests fail"},
		{"throttled, more behind", `{"error":{"code":"AF429","message":"Too many requests."}}` + "\x00<p>", "STATUS AF429: Too many requests.", "", source.Throttle, "requests fail"},
		{"throttled, single quotes", `{'error':{'code':'AF429'}}`, "STATUS AF429: {'error':{'code':'AF429'}}", "", source.Throttle, "requests fail"},
		{"throttled, cut short", `{"error":{"code":"AF429"`, `STATUS AF429: {"error":{"code":"AF429"`, "", source.Throttle, "requests fail"},
		{"no permission", `{"error":{"code":"AF10001","message":"No."}}`, "STATUS AF10001: No.", "", source.Configure, "the app may not read the audit log"},
		{"no subscription", `{"error":{"code":"AF20022","message":"No."}}`, "STATUS AF20022: No.", "", source.Subscribe, "there is no subscription"},
		{"internal error", `{"error":{"code":"AF50000","message":"No."}}`, "STATUS AF50000: No.", "", source.Retry, "requests fail"},
		{"error of the gateway", `{"Message":"No."}`, "STATUS: No.", "", source.Retry, "requests fail"},
		{"error of another form", `{"error":"none","number":[7]}`, `STATUS: {"error":"none","number":[7]}`, "", source.Retry, "requests fail"},
		{"web page", "<!DOCTYPE html><html>sign in</html>", page, "", source.Retry, "a web page answers in place of the service"},
		{"web page behind a mark", "\ufeff\n<html>", page, "", source.Retry, "a web page answers in place of the service"},
		{"nothing", "", empty, "", source.Retry, "the answers are not those of the service"},
		{"blanks", " \r\n", empty, "", source.Retry, "the answers are not those of the service"},
		{"only a mark", "\ufeff", empty, "", source.Retry, "the answers are not those of the service"},
		{"text", "OK", array, "answer: body is not a JSON object", source.Retry, "the answers are not those of the service"},
		{"half a mark", "\xef\xbb", array, "answer: body is not a JSON object", source.Retry, "the answers are not those of the service"},
		{"UTF-16", "\xff\xfe[\x00]\x00", array, "answer: body is not a JSON object", source.Retry, "the answers are not those of the service"},
		{"null", "null", array, "answer: body is not a JSON object", source.Retry, "the answers are not those of the service"},
		{"a number", "42", array, "answer: body is not a JSON object", source.Retry, "the answers are not those of the service"},
		{"a string", `"AF20022"`, array, "answer: body is not a JSON object", source.Retry, "the answers are not those of the service"},
		{"object of another kind", `{"value":[]}`, `STATUS: {"value":[]}`, "", source.Retry, "requests fail"},
		{"empty object", `{}`, "STATUS: {}", "", source.Retry, "requests fail"},
	} {
		for _, status := range []int{200, 201, 204} {
			for _, call := range calls {
				t.Run(fmt.Sprintf("%s/%d/%s", tt.name, status, call.op), func(t *testing.T) {
					var observed error
					requests := 0
					// Not through net/http, which reads no body with a 204.
					c, err := New(Options{
						Endpoint: "https://manage.office.com", Tenant: tenant, Publisher: "publisher", Tokens: &fixedTokens{tokens: []string{"token"}},
						Observe: func(_ source.Op, err error) { observed = err; requests++ },
						HTTP: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
							return answer(r, status, http.Header{}, strings.NewReader(strings.Replace(tt.body, "RIGHT", call.right, 1)))
						})},
					})
					if err != nil {
						t.Fatal(err)
					}
					err = call.call(c, "https://manage.office.com/audit/a")
					want := tt.want
					if call.op == source.OpStart && tt.start != "" {
						want = tt.start
					}
					if want != "" {
						want = string(call.op) + ": " + strings.Replace(want, "STATUS", fmt.Sprint("HTTP ", status), 1)
					}
					if errorText(err) != want || decide(err) != tt.action || goType.MatchString(errorText(err)) {
						t.Errorf("%q, %v; want %q, %v", errorText(err), decide(err), want, tt.action)
					}
					if requests != 1 || decide(observed) != tt.action {
						t.Errorf("%d requests, of which one ended with %v", requests, observed)
					}
					if err != nil {
						if got := c.Explain(err, General, ""); !strings.HasPrefix(got.What, tt.what) {
							t.Errorf("explained as %+v, want %q", got, tt.what)
						}
					}
				})
			}
		}
	}
}

// An object that a download begins with is a record, not an error, if it has a field of
// all records; it is read from its first byte.
func TestDownloadsOfOneRecordALine(t *testing.T) {
	for _, body := range []string{
		`{"Id":"a"}` + "\n" + `{"Id":"b"}`,
		"\ufeff\n" + `{"CreationTime":"2026-11-28T01:00:00"}`,
		`{"x":{"error":{}},"y":[1],"error":{"code":"AF429"},"Id":"a"}`,
		`{"Id":"` + strings.Repeat("x", 2*maxErrorBody) + `"}`,
		`{"x":"` + strings.Repeat("x", maxErrorBody/2) + `","Id":"a"}` + "\n" + `{"Id":"` + strings.Repeat("x", maxErrorBody) + `"}`,
	} {
		c, server := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) })
		r, err := c.Open(t.Context(), source.Item{URI: server.URL})
		if err != nil {
			t.Errorf("%.60q: %v", body, err)
			continue
		}
		got, err := io.ReadAll(r)
		if r.Close(); err != nil || string(got) != body {
			t.Errorf("%.60q: read %d bytes of %d, %v", body, len(got), len(body), err)
		}
	}
}

// A list of subscriptions of which no entry is one is no list without subscriptions,
// for which one would be started.
func TestSubscriptionsOfAnotherKind(t *testing.T) {
	for body, want := range map[string]string{
		"[]":   "",
		"[1]":  "subscriptions: answer: none of its entries is a subscription",
		`[{}]`: "subscriptions: answer: none of its entries is a subscription",
		`[[]]`: "subscriptions: answer: none of its entries is a subscription",
		"[]x":  "subscriptions: answer: none of its entries is a subscription",
		"[][]": "",
		`[{"contentType":7},{"contentType":"Audit.General","status":"enabled"}]`:                  "",
		`[` + strings.Repeat(`{"contentType":"x"},`, maxSubscriptions-1) + `{"contentType":"x"}]`: "",
		`[` + strings.Repeat(`{"contentType":"x"},`, maxSubscriptions) + `{"contentType":"x"}]`:   "subscriptions: answer: more than 1000 subscriptions",
	} {
		c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, body) })
		if _, _, err := c.Subscriptions(t.Context()); errorText(err) != want {
			t.Errorf("%.100s: %v, want %q", body, err, want)
		}
	}
}

// Which of the listed subscriptions are on.
func TestStatesOfSubscriptions(t *testing.T) {
	for status, want := range map[string]bool{"enabled": true, "Enabled": true, "disabled": false, "": false} {
		c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `[{"contentType":"Audit.General","status":"%s"}]`, status)
		})
		if list, _, err := c.Subscriptions(t.Context()); err != nil || len(list) != 1 || list[0].Enabled != want {
			t.Errorf("%q: %v, %v", status, list, err)
		}
	}
}
