package activity

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestPagingKeepsTheAddressAsItCame(t *testing.T) {
	const next = "/api/v1.0/" + tenant + "/activity/feed/subscriptions/content?contenttype=Audit.General&starttime=2026-08-01T10:00:00&nextpage=2026$08$01%2B"
	var queries []string
	var c *Client
	var server *httptest.Server
	c, server = serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		if len(queries) == 1 {
			w.Header().Set("NextPageUri", server.URL+next)
			fmt.Fprint(w, `[{"contentType":"Audit.General","contentId":"a$1","contentUri":"https://x/1","contentCreated":"2026-08-01T10:00:00.123Z","contentExpiration":"2026-08-08T10:00:00"}]`)
			return
		}
		fmt.Fprint(w, `[]`)
	})
	page, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", source.Want{})
	if err != nil {
		t.Fatal(err)
	}
	want := source.Item{
		ContentType: General, ID: "a$1", URI: "https://x/1",
		Created: time.Date(2026, 8, 1, 10, 0, 0, 123e6, time.UTC), Expires: time.Date(2026, 8, 8, 10, 0, 0, 0, time.UTC),
	}
	if len(page.Items) != 1 || page.Items[0] != want {
		t.Errorf("got %+v, want %+v", page.Items, want)
	}
	if page.Date.IsZero() {
		t.Error("the service's clock was not read")
	}
	if page, err = c.List(t.Context(), General, source.Span{}, page.Next, source.Want{}); err != nil {
		t.Fatal(err)
	}
	if page.Next != "" {
		t.Errorf("there is a page after the last: %q", page.Next)
	}
	if want := "contenttype=Audit.General&starttime=2026-08-01T10:00:00&nextpage=2026$08$01%2B&PublisherIdentifier=publisher"; queries[1] != want {
		t.Errorf("the next page was asked for with\n%s\nwant\n%s", queries[1], want)
	}
}

// An answer that is no list is named as what it is; a bad entry costs no other.
func TestListingsThatCantBeUsed(t *testing.T) {
	const good = `{"contentId":"a","contentUri":"https://x/a","contentCreated":"2026-08-01T10:00:00Z"}`
	for _, tt := range []struct {
		body string
		want string // error
		ids  string
		bad  int
	}{
		{`[{"contentId":"a"`, "list: answer: body ends before its array: unexpected EOF", "", 0},
		{``, "list: answer: it is empty", "", 0},
		{strings.Repeat(" ", 2*answerBuffer), "list: answer: body ends before its array: unexpected EOF", "", 0},
		{strings.Repeat(" ", 2*answerBuffer) + `{"value":[]}`, "list: answer: body is not a JSON array", "", 0},
		{"\ufeff\n[" + good + "][]" + "\ufeff[" + strings.Replace(good, `"a"`, `"c"`, 1) + "]", "", "a c", 0},
		{"[" + good + "]\x00", "", "a", 1},
		{"[" + good + `]{"error":{"code":"AF50000"}}`, "", "a", 1},
		{` [] `, "", "", 0},
		{"\ufeff[" + good + "]", "", "a", 0},
		{`[{"contentType":"Audit.General"},` + good + `]`, "", "a", 1},
		{`[` + good + `,null,1,"x",[],{},{"contentId":7,"contentUri":"u"},{"contentId":"b"},` + strings.Replace(good, `"a"`, `"c"`, 1) + `]`, "", "a c", 7},
		{`[` + good + `,{"contentId":"` + strings.Repeat("x", maxElement) + `"}]`, "", "a", 1},
		{`[` + good + `,{"contentId":"b","contentUri":"` + strings.Repeat("x", maxURI+1) + `"}]`, "", "a", 1},
		{`[` + good + `,{"contentId":"b","contentUri":"` + strings.Repeat("x", maxURI) + `"}]`, "", "a b", 0},
		{`[` + strings.Repeat(`{},`, maxBadEntries) + good + `]`, "", "a", maxBadEntries},
		{`[` + good + `,{"contentId":tru},` + strings.Replace(good, `"a"`, `"c"`, 1) + `]`, "", "a c", 1},
		{`{"error":{"code":"AF429","message":"Too many requests."}}`, "list: HTTP 200 AF429: Too many requests.", "", 0},
		{"\ufeff\r\n" + `{"error":"none"}`, `list: HTTP 200: {"error":"none"}`, "", 0},
		{`<html>sign in</html>`, "list: answer: a web page came instead of JSON: is a proxy or a firewall between?", "", 0},
		{`AF50000`, "list: answer: body is not a JSON array", "", 0},
		{`[` + strings.Repeat(`{},`, maxBadEntries+1) + good + `]`, "list: answer: more than 1000 entries can't be used; the first: an entry has no contentId", "", 0},
	} {
		c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, tt.body) })
		page, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", source.Want{})
		want := source.Retry
		switch {
		case tt.want == "":
			want = source.Done
		case strings.Contains(tt.want, "AF429"):
			want = source.Throttle
		}
		if errorText(err) != tt.want || decide(err) != want {
			t.Errorf("%.100q gives %q, %v; want %q", tt.body, errorText(err), decide(err), tt.want)
		}
		var ids []string
		for _, content := range page.Items {
			ids = append(ids, content.ID)
		}
		if got := strings.Join(ids, " "); got != tt.ids || page.Bad != tt.bad || (page.FirstBad != nil) != (tt.bad > 0) {
			t.Errorf("%.100q gives %q, %d bad (%v); want %q, %d", tt.body, got, page.Bad, page.FirstBad, tt.ids, tt.bad)
		}
	}
}

// Of a page only what is new is taken, and no more than is wanted.
func TestWant(t *testing.T) {
	c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
		for i := range 10 {
			fmt.Fprintf(w, `%c{"contentId":"%d","contentUri":"https://x/"}`, "[,"[min(i, 1)], i)
		}
		fmt.Fprint(w, "]")
	})
	for _, tt := range []struct {
		known string
		most  int
		want  string
		more  bool
	}{
		{"", 0, "0123456789", false},
		{"", 4, "0123", true},
		{"0123", 4, "4567", true},
		{"01234567", 4, "89", false},
		{"0123456789", 4, "", false},
		{"02468", 5, "13579", false},
		{"456789", 4, "0123", false},
	} {
		want := source.Want{Most: tt.most, New: func(id string) bool { return !strings.Contains(tt.known, id) }}
		page, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", want)
		got := ""
		for _, content := range page.Items {
			got += content.ID
		}
		if err != nil || got != tt.want || page.More != tt.more {
			t.Errorf("%+v: got %q, more %v, %v", tt, got, page.More, err)
		}
	}
}

// However many items are wanted, a page has no more than its bound.
func TestLongPage(t *testing.T) {
	entries := strings.TrimSuffix(strings.Repeat(`{"contentId":"a","contentUri":"https://x/"},`, maxEntries+1), ",")
	c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "[{},1,"+entries+"]") })
	for _, most := range []int{0, maxEntries, maxEntries + 1, 10 * maxEntries} {
		page, err := c.List(t.Context(), General, source.Span{}, "", source.Want{Most: most})
		if err != nil || len(page.Items) != maxEntries || !page.More {
			t.Errorf("%d wanted: %d, more %t, %v", most, len(page.Items), page.More, err)
		}
		if page.Bad != 2 || errorText(page.FirstBad) != "an entry has no contentId" {
			t.Errorf("%d bad, the first: %v", page.Bad, page.FirstBad)
		}
	}
}
