package activity

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
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

func TestBlobs(t *testing.T) {
	plain := []byte(`[{"Id":"1"},{"Id":"2"}]`)
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(plain)
	z.Close()
	for _, tt := range []struct {
		name   string
		header http.Header
		body   []byte
		stall  bool
		want   string // error
	}{
		{"plain", nil, plain, false, ""},
		{"gzip", http.Header{"Content-Encoding": {"gzip"}}, zipped.Bytes(), false, ""},
		{"gzip cut off", http.Header{"Content-Encoding": {"gzip"}}, zipped.Bytes()[:zipped.Len()-9], false, "unexpected EOF"},
		{"no gzip", http.Header{"Content-Encoding": {"gzip"}}, plain, false, "download: gzip: invalid header"},
		{"shorter than said", http.Header{"Content-Length": {"100"}}, plain, false, "unexpected EOF"},
		{"stalled", nil, plain, true, "no answer within request_timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			timeout := time.Duration(0)
			if tt.stall {
				timeout = 300 * time.Millisecond
			}
			c, server := serve(t, nil, timeout, func(w http.ResponseWriter, r *http.Request) {
				for k, v := range tt.header {
					w.Header()[k] = v
				}
				w.Write(tt.body)
				if tt.stall {
					w.(http.Flusher).Flush()
					<-r.Context().Done()
				}
			})
			body, err := c.Open(t.Context(), source.Item{URI: server.URL})
			var got []byte
			if err == nil {
				got, err = io.ReadAll(body)
				body.Close()
			}
			if errorText(err) != tt.want && !(tt.stall && errors.Is(err, transport.ErrStalled)) {
				t.Fatalf("got error %q, want %q", errorText(err), tt.want)
			}
			if tt.want == "" && !bytes.Equal(got, plain) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// A reader that waits between two reads, for Fluent Bit to take records, is
// no stalled service.
func TestSlowReaderIsNoStall(t *testing.T) {
	large := bytes.Repeat([]byte(" "), 4<<20)
	const timeout = 2 * time.Second
	c, server := serve(t, nil, timeout, func(w http.ResponseWriter, r *http.Request) { w.Write(large) })
	body, err := c.Open(t.Context(), source.Item{URI: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := io.ReadFull(body, make([]byte, 1<<10)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * timeout / 2)
	rest, err := io.ReadAll(body)
	if err != nil || len(rest) != len(large)-1<<10 {
		t.Errorf("got %d bytes, %v", len(rest), err)
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
		{``, "list: answer: body ends before its array: unexpected EOF", "", 0},
		{` [] `, "", "", 0},
		{"\ufeff[" + good + "]", "", "a", 0},
		{`[{"contentType":"Audit.General"},` + good + `]`, "", "a", 1},
		{`[` + good + `,null,1,"x",[],{},{"contentId":7,"contentUri":"u"},{"contentId":"b"},` + strings.Replace(good, `"a"`, `"c"`, 1) + `]`, "", "a c", 7},
		{`[` + good + `,{"contentId":"` + strings.Repeat("x", maxEntry) + `"}]`, "", "a", 1},
		{`[` + good + `,{"contentId":"b","contentUri":"` + strings.Repeat("x", maxURI+1) + `"}]`, "", "a", 1},
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

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-08-01T10:00:00":                                   "2026-08-01T10:00:00Z",
		"2026-08-01T10:00:00.5+02:00":                           "2026-08-01T08:00:00.5Z",
		"9000-12-31T23:59:59Z":                                  "9000-12-31T23:59:59Z",
		"9000-12-31T23:59:59-00:01":                             "0001-01-01T00:00:00Z", // of 9001, in UTC
		"1900-01-01T00:00:00+00:01":                             "0001-01-01T00:00:00Z",
		"1899-12-31T23:59:59-00:01":                             "1900-01-01T00:00:59Z",
		"0000-00-00T00:00:00":                                   "0001-01-01T00:00:00Z",
		"2026-08-01 10:00:00":                                   "0001-01-01T00:00:00Z",
		"2026-08-01T10:00:00.5" + strings.Repeat("0", 99) + "Z": "0001-01-01T00:00:00Z",
	} {
		if got := parseTime(text).Format(time.RFC3339Nano); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestShortID(t *testing.T) {
	for _, id := range []string{"20200702020621634014687$20200702020621634014687$audit_exchange$Audit_Exchange$emea0036", "ä", strings.Repeat("x", maxID)} {
		if got := shortID(id); got != id {
			t.Errorf("%q became %q", id, got)
		}
	}
	seen := map[string]bool{}
	for _, id := range []string{
		strings.Repeat("x", maxID+1), strings.Repeat("x", maxID+2), "a\x1bb", "a\u202eb", "a b", "ab\n", "\xff", strings.Repeat("\x00", 1000), strings.Repeat("ä", 1000),
	} {
		got := shortID(id)
		if utf8.RuneCountInString(got) > maxID || strings.ContainsFunc(got, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }) || seen[got] {
			t.Errorf("%q became %q", id, got)
		}
		seen[got] = true
	}
}

// Whatever an answer's size, little of it is held.
func TestAnswersAreBounded(t *testing.T) {
	const huge = 2 << 30
	for _, tt := range []struct {
		name   string
		status int
		text   string
		zipped bool
	}{
		{"refusal", 403, "x", false},
		{"refusal that is a bomb", 500, "x", true},
		{"refusal in JSON", 400, `{"error":{"message":"`, true},
		{"objects", 200, "[{},", true},
		{"one entry", 200, `[{"contentId":"`, true},
		{"brackets", 200, `[[[[[`, true},
		{"numbers", 200, `[1,1,1,1,1,1`, true},
		{"error object", 200, `{"error":`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := serve(t, nil, 0, func(w http.ResponseWriter, r *http.Request) {
				out := io.Writer(w)
				if tt.zipped {
					w.Header().Set("Content-Encoding", "gzip")
				}
				w.WriteHeader(tt.status)
				if tt.zipped {
					zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
					defer zip.Close()
					out = zip
				}
				piece := bytes.Repeat([]byte(tt.text), (1<<20)/len(tt.text))
				for n := 0; n < huge; n += len(piece) {
					if _, err := out.Write(piece); err != nil || r.Context().Err() != nil {
						return
					}
				}
			})
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			_, err := c.List(t.Context(), General, source.Span{From: time.Now(), To: time.Now()}, "", source.Want{})
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("no error")
			}
			if n := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && n > 48<<20 {
				t.Errorf("the heap grew by %d MB", n>>20)
			}
		})
	}
}
