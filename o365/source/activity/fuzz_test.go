package activity

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// client is one whose requests get their answers from f.
func client(t *testing.T, f roundTrip) *Client {
	c, err := New(Options{
		Endpoint: "https://manage.office.com", Tenant: tenant, Publisher: "publisher",
		Tokens: &fixedTokens{tokens: []string{"token"}}, HTTP: &http.Client{Transport: f},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func answer(r *http.Request, status int, header http.Header, body io.Reader) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), Request: r}, nil
}

func isHidden(r rune) bool { return !unicode.IsPrint(r) }

// isLine reports whether a text is fit for a log line.
func isLine(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, isHidden)
}

// FuzzListing answers a listing with any bytes, of which a part may come often:
// what is taken of them is within the bounds that pages and entries have.
func FuzzListing(f *testing.F) {
	const entry = `{"contentId":"a$1","contentUri":"https://x/1","contentCreated":"2026-08-01T10:00:00.123Z","contentExpiration":"9000-12-31T23:59:59-10:00"},`
	f.Add([]byte("["), []byte(entry), []byte("{}]"), uint16(2500), "https://manage.office.com/next", uint16(0), false, false)
	f.Add([]byte("["), []byte(`{},`), []byte("1]"), uint16(maxBadEntries), "", uint16(7), true, false)
	f.Add([]byte("\ufeff ["), []byte(entry), []byte("[],null]"), uint16(3), "", uint16(3), true, false)
	f.Add([]byte(`[{"contentUri":"u","contentId":"`), []byte("\u00e4"), []byte(`"}]`), uint16(400), "", uint16(0), false, false)
	f.Add([]byte(`[{"contentUri":"u","contentId":"\u202e","CONTENTID":"`), []byte(`\u0000`), []byte(`b"}]`), uint16(9), "", uint16(0), false, false)
	f.Add([]byte(`[{"contentId":"a","contentUri":"`), []byte("xxxxxxxx"), []byte(`"}]`), uint16(1<<10+1), strings.Repeat("n", maxURI+1), uint16(0), false, false)
	f.Add([]byte("\ufeff\n\ufeff["), []byte(entry), []byte("{}]\ufeff[{}]{\"error\":{}}\x00"), uint16(3), "", uint16(0), false, false)
	f.Add([]byte(" "), []byte(" "), []byte(`{"error":{"code":"AF429"}}`), uint16(700), "", uint16(0), false, false)
	f.Add([]byte(`{"error":{"code":"AF429","message":"`), []byte("\x1b["), []byte(`"}}`), uint16(99), "", uint16(0), false, false)
	f.Add([]byte("\x1f\x8b\b\x00\x00\x00\x00\x00\x00\xff\x8a\x8e\x05\x04\x00\x00\xff\xff"), []byte(nil), []byte(nil), uint16(0), "", uint16(0), false, true)
	f.Fuzz(func(t *testing.T, head, unit, tail []byte, times uint16, next string, most uint16, some, zipped bool) {
		body := bytes.Join([][]byte{head, bytes.Repeat(unit, min(int(times), (1<<19)/max(1, len(unit)))), tail}, nil)
		header := http.Header{"Nextpageuri": {next}}
		if zipped {
			header.Set("Content-Encoding", "gzip")
		}
		c := client(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200, header, bytes.NewReader(body)) })
		want := source.Want{Most: int(most)}
		if some {
			want.New = func(id string) bool { return !strings.HasPrefix(id, "a") }
		}
		page, err := c.List(t.Context(), General, source.Span{}, "", want)
		if err != nil {
			if !reflect.DeepEqual(page, source.Page{}) || !isLine(err.Error(), 2*sanitize.MaxText) {
				t.Errorf("%+v with the error %q", page, err)
			}
			return
		}
		allowed := maxEntries
		if most > 0 {
			allowed = min(allowed, int(most))
		}
		if n := len(page.Items); n > allowed || page.More && n != allowed || len(page.Next) > maxURI {
			t.Errorf("%d entries of %d, more %v, next has %d bytes", n, allowed, page.More, len(page.Next))
		}
		if page.Bad > maxBadEntries || (page.FirstBad != nil) != (page.Bad > 0) || page.Bad > 0 && !isLine(page.FirstBad.Error(), 2*maxID) {
			t.Errorf("%d bad entries: %v", page.Bad, page.FirstBad)
		}
		for _, e := range page.Items {
			if e.ContentType != General || e.URI == "" || len(e.URI) > maxURI || some && !want.New(e.ID) {
				t.Errorf("an entry is %+v", e)
			}
			checkID(t, e.ID)
			checkTime(t, e.Created)
			checkTime(t, e.Expires)
		}
		var all []json.RawMessage
		if !zipped && !some && !page.More && json.Unmarshal(body, &all) == nil && len(all) != len(page.Items)+page.Bad {
			t.Errorf("of %d entries %d were taken and %d were bad", len(all), len(page.Items), page.Bad)
		}
	})
}

func checkID(t *testing.T, id string) {
	t.Helper()
	if id == "" || !isLine(id, maxID) || strings.ContainsAny(id, " \ufffd") {
		t.Fatalf("an id is %q", id)
	}
}

func checkTime(t *testing.T, at time.Time) {
	t.Helper()
	if !at.IsZero() && (at.Year() < 1900 || at.Year() > 9000 || at.Location() != time.UTC) {
		t.Fatalf("a time is %v", at)
	}
}

// FuzzTime reads any time: what is no plausible one is none.
func FuzzTime(f *testing.F) {
	for _, s := range []string{"2026-08-01T10:00:00", "2026-08-01T10:00:00.1234567Z", "9000-12-31T23:59:59-23:59", "1900-01-01T00:00:00+00:01", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at := parseTime(s)
		checkTime(t, at)
		if !at.IsZero() && !parseTime(at.Format(time.RFC3339Nano)).Equal(at) {
			t.Errorf("%q is %v, and that is another time", s, at)
		}
	})
}

// FuzzShortID names two contents: one name is of one content, or is itself what
// the other is called.
func FuzzShortID(f *testing.F) {
	f.Add("a", "a ")
	f.Add("\x00", "\xff")
	f.Add(strings.Repeat("x", maxID+1), strings.Repeat("x", maxID+2))
	f.Add(strings.Repeat("\u00e4", maxID)+"\n", strings.Repeat("\u00e4", maxID)+"\r")
	f.Add("b\u202e", shortID("b\u202e"))
	f.Fuzz(func(t *testing.T, a, b string) {
		if a == "" || b == "" {
			return // parseEntry takes none
		}
		one, other := shortID(a), shortID(b)
		checkID(t, one)
		if shortID(one) != one || shortID(a) != one {
			t.Errorf("%q is %q, then %q", a, one, shortID(one))
		}
		if one == other && a != b && a != other && b != one {
			t.Errorf("%q and %q are both %q", a, b, one)
		}
	})
}

// FuzzRetryAfter asks for any wait.
func FuzzRetryAfter(f *testing.F) {
	const date = "Sat, 28 Nov 2026 10:00:00 GMT"
	for _, s := range []string{"7", " +7\t", "-9", "9223372036854775808", "-9223372036854775809", "9223372036854775808A", "9223372036854775808+", "315360001", "1_0", "0x10", "Fri, 31 Dec 9999 23:59:59 GMT", "Monday, 02-Jan-06 15:04:05 GMT"} {
		f.Add(s, date)
	}
	f.Add("Sat, 28 Nov 2026 10:00:05 GMT", "Thu, 01 Jan 0000 00:00:00 GMT")
	f.Add("Sat, 28 Nov 2026 10:00:05 GMT", "")
	number := regexp.MustCompile(`^[+-]?[0-9]+$`)
	f.Fuzz(func(t *testing.T, after, date string) {
		got := retryAfter(http.Header{"Retry-After": {after}, "Date": {date}})
		text := strings.TrimSpace(after)
		want := time.Duration(0)
		if number.MatchString(text) {
			n, _ := new(big.Int).SetString(text, 10)
			if most := big.NewInt(int64(maxRetryAfter / time.Second)); n.Cmp(most) > 0 {
				n = most
			}
			if n.Sign() > 0 {
				want = time.Duration(n.Int64()) * time.Second
			}
		} else if at, err := http.ParseTime(text); err == nil {
			if now, err := http.ParseTime(date); err == nil && !now.IsZero() && at.After(now) {
				want = min(at.Sub(now), maxRetryAfter)
			}
		}
		if got != want || got < 0 {
			t.Errorf("%q at %q is %v, want %v", after, date, got, want)
		}
	})
}

// endless is a body that repeats its end without end, and counts what is read.
type endless struct {
	head, unit []byte
	at         int
}

func (e *endless) Read(p []byte) (n int, _ error) {
	for ; n < len(p); n++ {
		switch at := e.at - len(e.head); {
		case at < 0:
			p[n] = e.head[e.at]
		case len(e.unit) == 0:
			return n, io.EOF
		default:
			p[n] = e.unit[at%len(e.unit)]
		}
		e.at++
	}
	return n, nil
}

// FuzzRefusal refuses a call with any status and body: little of it is read and
// shown, and there is something to do about it.
func FuzzRefusal(f *testing.F) {
	f.Add(403, "application/json", []byte(`{"error":{"code":"AF429","message":"Too many requests."}}`), []byte(nil))
	f.Add(400, "", []byte(`{"error":{"code":"AF\n\u001b[","message":"AF20022"}}`), []byte(" "))
	f.Add(401, "text/html", []byte(`<html>`), []byte("<p>"))
	f.Add(500, "", []byte(`{"Message":"`), []byte(`\u202e`))
	f.Add(302, "", []byte(nil), []byte("\x1b[31m"))
	f.Add(201, "", []byte("\ufeff\n"+`{"error":{"code":"AF429"}}`), []byte("\x00"))
	f.Add(403, "", []byte("\ufeff"+`{"error":{"code":"AF429"}}`), []byte("{"))
	f.Add(200, "", []byte(`{"error":{"code":"StartSubscription AF20001 Bearer eyJhbGciOi.eyJhdWQi.c2ln"}}`), []byte(nil))
	code := regexp.MustCompile(`^(AF[0-9]{3,5})?$`)
	f.Fuzz(func(t *testing.T, status int, contentType string, body, unit []byte) {
		start := skipBlank(body)
		if status/100 == 2 && status != 206 && (len(start) == 0 || start[0] != '{' || len(body)-len(start) > maxStart/2) {
			return // no refusal
		}
		var bodies []*endless
		c := client(t, func(r *http.Request) (*http.Response, error) {
			bodies = append(bodies, &endless{head: body, unit: unit})
			return answer(r, status, http.Header{"Content-Type": {contentType}}, bodies[len(bodies)-1])
		})
		_, err := c.List(t.Context(), General, source.Span{}, "", source.Want{})
		var refusal *source.Error
		if !errors.As(err, &refusal) {
			t.Fatalf("got %v", err)
		}
		if !code.MatchString(refusal.Code) || !isLine(refusal.Message, sanitize.MaxText) || !isLine(err.Error(), sanitize.MaxText+100) {
			t.Errorf("code %q, message %q", refusal.Code, refusal.Message)
		}
		if x := c.Explain(err, General, ""); x.What == "" || x.Do == "" || decide(err).String() == "" {
			t.Errorf("explained as %+v", x)
		}
		if len(bodies) > 2 {
			t.Errorf("%d requests", len(bodies))
		}
		for _, b := range bodies {
			if b.at > maxErrorBody+answerBuffer {
				t.Errorf("%d bytes were read", b.at)
			}
		}
	})
}

// FuzzAddress goes on at any address: the token goes to the endpoint only, in one
// request, with the query as it came.
func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		"", "?", "x?a=$b&c=%2B#d", "https://manage.office.com/x", "HTTPS://MANAGE.OFFICE.COM.:443/x", "https://manage.off\u0130ce.com/", "//example.com",
		"https://u@manage.office.com", `\\example.com`, "https:x", "/x y?z \u00e4", "x%0d%0aHost:%20example.com?publisherIDENTIFIER=1", "https://manage.office.com?a\u007f",
		"http://manage.office.com", "//manage.office.com:80/", "*", "../../../..//x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ref string) {
		c := client(t, func(r *http.Request) (*http.Response, error) {
			host := strings.TrimSuffix(strings.TrimSuffix(r.URL.Host, ":443"), ":")
			lower := bytes.Map(func(c rune) rune {
				if 'A' <= c && c <= 'Z' {
					return c + 'a' - 'A'
				}
				return c
			}, []byte(strings.TrimSuffix(host, ".")))
			if r.URL.Scheme != "https" || string(lower) != "manage.office.com" || r.URL.User != nil || r.Host != r.URL.Host {
				t.Errorf("%q leads to %q", ref, r.URL)
			}
			if u, err := url.Parse(ref); err != nil || !strings.HasPrefix(r.URL.RawQuery, u.RawQuery) ||
				!strings.Contains(strings.ToLower(r.URL.RawQuery), "publisheridentifier=") {
				t.Errorf("%q is asked for with %q", ref, r.URL.RawQuery)
			}
			var wire bytes.Buffer
			if err := r.Write(&wire); err != nil {
				return nil, err
			}
			lines := strings.Split(wire.String(), "\r\n") // a space that nobody encoded may be in the first
			if !strings.HasPrefix(lines[0], "GET ") || !strings.HasSuffix(lines[0], " HTTP/1.1") || lines[1] != "Host: "+r.Host || len(lines) != 2+len(r.Header)+2 {
				t.Errorf("%q is sent as %q", ref, lines)
			}
			return answer(r, 200, http.Header{}, strings.NewReader("[]"))
		})
		_, err := c.List(t.Context(), General, source.Span{}, ref, source.Want{})
		if own := strings.HasPrefix(ref, "https://manage.office.com/subscriptions?"); own && err != nil && !strings.Contains(err.Error(), "unusable") {
			t.Errorf("%q: %v", ref, err)
		}
	})
}
