package o365

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// notes is a source of another kind: it needs no subscription, keeps content for 30
// days, lists six hours at a time and refuses a request.
type notes struct {
	t     *testing.T
	since time.Time
	asked int
}

var noteType = source.ContentType{
	Name: "Test.Notes", Tag: "notes",
	Limits: source.Limits{Retention: 30 * 24 * time.Hour, Window: 6 * time.Hour},
}

const notePause = 10 * time.Hour // between two notes

func (n *notes) refusal() error {
	if n.asked++; n.asked == 5 {
		return &source.Error{Op: source.OpList, Status: 503, Code: "NoteBusy"}
	}
	return nil
}

func (n *notes) List(_ context.Context, _ string, span source.Span, next string, want source.Want) (source.Page, error) {
	if err := n.refusal(); err != nil {
		return source.Page{}, err
	}
	if length := span.To.Sub(span.From); length > noteType.Window || next != "" {
		n.t.Errorf("page %q of %v", next, length)
	}
	page := source.Page{Date: time.Now().UTC()}
	for at := n.since; at.Before(span.To); at = at.Add(notePause) {
		if id := fmt.Sprint("note ", at.Unix()); !at.Before(span.From) && want.New(id) {
			page.Items = append(page.Items, source.Item{ContentType: noteType.Name, ID: id, Created: at, Expires: at.Add(noteType.Retention)})
		}
	}
	return page, nil
}

func (n *notes) Open(_ context.Context, item source.Item) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(fmt.Sprintf(`[{"Id":"%s","CreationTime":"%s"}]`, item.ID, item.Created.Format("2006-01-02T15:04:05")))), nil
}

func (*notes) Decide(err error) source.Action {
	if err == nil {
		return source.Done
	}
	return source.Retry
}

func (*notes) Explain(err error, _, _ string) source.Explanation {
	return source.Explanation{What: "notes fail", Do: "wait", Detail: err.Error()}
}

// A new source is a folder and a line in sources: its content comes beside that of
// the others, as far back as it keeps it, under its own tag.
func TestAnotherSource(t *testing.T) {
	inBubble(t, api.Options{Seed: 51, Blobs: 2, Records: 5, Types: []string{api.Exchange}}, func(t *testing.T, r *rig) {
		r.options["content_types"], r.options["tag_prefix"] = api.Exchange, "o365"
		config, err := ParseConfig(func(key string) string { return r.options[key] })
		if err != nil {
			t.Fatal(err)
		}
		config.ContentTypes = append(config.ContentTypes, noteType.Name)
		config.Lookback = noteType.Retention
		since := time.Now().UTC().Truncate(time.Second).Add(-noteType.Retention + time.Minute)
		offers := append(sources(), offer{[]source.ContentType{noteType}, func(*assembly, string, source.Tokens) (source.Source, error) {
			return &notes{t: t, since: since}, nil
		}, func(string, string, string) source.Explanation { return source.Explanation{} }})
		in, err := r.openFrom(config, offers)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		var got []string
		want := int(noteType.Retention / notePause)
		for deadline := time.Now().Add(time.Minute); len(got) < want || number(t, in, "blobs_total", "delivered") < float64(want+2); {
			if time.Now().After(deadline) {
				t.Fatalf("%d of %d notes came; the log says:\n%s", len(got), want, r.log.text())
			}
			b := in.Next()
			if b == nil {
				time.Sleep(time.Millisecond)
				continue
			}
			for _, event := range readEvents(t, b.Events) {
				if b.Tag == "o365.notes" {
					got = append(got, string(event))
				}
			}
			b.Ack()
		}
		slices.Sort(got)
		if all := len(got); len(slices.Compact(got)) != all || all != want {
			t.Errorf("%d notes, want %d", all, want)
		}
	})
}

// panicking is a source with a mistake in its decisions or its requests.
type panicking struct {
	*notes
	requests bool
}

func (p panicking) Decide(err error) source.Action {
	if !p.requests {
		panic("a mistake")
	}
	return p.notes.Decide(err)
}

func (p panicking) List(ctx context.Context, t string, span source.Span, next string, want source.Want) (source.Page, error) {
	if p.requests {
		panic("a mistake")
	}
	return p.notes.List(ctx, t, span, next, want)
}

// A mistake in what collects from one source stops that alone, and is told.
func TestOneCollectorPanics(t *testing.T) {
	for _, requests := range []bool{false, true} {
		oneCollectorPanics(t, requests)
	}
}

func oneCollectorPanics(t *testing.T, requests bool) {
	inBubble(t, api.Options{Seed: 52, Blobs: 2, Records: 5, Types: []string{api.Exchange}}, func(t *testing.T, r *rig) {
		r.options["content_types"] = api.Exchange
		config, err := ParseConfig(func(key string) string { return r.options[key] })
		if err != nil {
			t.Fatal(err)
		}
		config.ContentTypes = append(config.ContentTypes, noteType.Name)
		offers := append(sources(), offer{[]source.ContentType{noteType}, func(*assembly, string, source.Tokens) (source.Source, error) {
			return panicking{&notes{t: t, since: time.Now()}, requests}, nil
		}, func(string, string, string) source.Explanation { return source.Explanation{} }})
		in, err := r.openFrom(config, offers)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		r.delivered(in, 2)
		r.listen(in, time.Minute, "collecting has stopped by a mistake in the plugin")
		if text := r.log.text(); !strings.Contains(text, "restart Fluent Bit, and please report it (a mistake)") {
			t.Errorf("the log says\n%s", text)
		}
	})
}

// deaf is a source whose requests do not end with their context.
type deaf struct{ *notes }

func (deaf) List(context.Context, string, source.Span, string, source.Want) (source.Page, error) {
	time.Sleep(time.Minute)
	return source.Page{}, nil
}

// Close waits for no request that does not end.
func TestCloseLeavesRequests(t *testing.T) {
	inBubble(t, api.Options{}, func(t *testing.T, r *rig) {
		config, err := ParseConfig(func(key string) string { return r.options[key] })
		if err != nil {
			t.Fatal(err)
		}
		config.ContentTypes = []string{noteType.Name}
		in, err := r.openFrom(config, []offer{{[]source.ContentType{noteType}, func(*assembly, string, source.Tokens) (source.Source, error) {
			return deaf{&notes{t: t}}, nil
		}, nil}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		begun := time.Now()
		in.Close()
		if took := time.Since(begun); took != stopTime || took > time.Second || !strings.Contains(r.log.text(), "a request is still under way") {
			t.Errorf("Close took %v; the log says\n%s", took, r.log.text())
		}
		time.Sleep(time.Minute)
	})
}

// recordedRequests notes which publishers a service's requests name.
type recordedRequests struct {
	http.RoundTripper
	publishers sync.Map
}

func (c *recordedRequests) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Path, "/activity/feed/") {
		c.publishers.Store(r.URL.Query().Get("PublisherIdentifier"), true)
	}
	return c.RoundTripper.RoundTrip(r)
}

// Requests have the publisher and the timeout of the options.
func TestOptionsOfRequests(t *testing.T) {
	for option, want := range map[string]string{"": api.DefaultTenant, "33333333-3333-4444-8555-666666666666": "33333333-3333-4444-8555-666666666666"} {
		inBubble(t, api.Options{Latency: 20 * time.Second}, func(t *testing.T, r *rig) {
			seen := &recordedRequests{RoundTripper: r.direct}
			r.direct, r.options["publisher_id"], r.options["request_timeout"] = seen, option, "5s"
			in := r.open()
			time.Sleep(8 * time.Second)
			if n := number(t, in, "requests_total", "subscriptions", "network"); n != 1 {
				t.Errorf("%v requests have timed out", n)
			}
			in.Close()
			var publishers []string
			for publisher := range seen.publishers.Range {
				publishers = append(publishers, publisher.(string))
			}
			if !slices.Equal(publishers, []string{want}) {
				t.Errorf("publishers %q, want %q", publishers, want)
			}
		})
	}
}
