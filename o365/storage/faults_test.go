package storage

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

// faults is a proxy before a service, which does harm to some of its requests.
type faults struct {
	url     string
	forward *httputil.ReverseProxy

	mu       sync.Mutex
	requests []string // methods and addresses
	plan     func(n int) fault
}

// fault does harm to a request instead of forwarding it, or besides.
type fault func(f *faults, w http.ResponseWriter, r *http.Request)

func newFaults(t *testing.T, backend string) *faults {
	to := must(url.Parse(backend))(t)
	f := &faults{forward: httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})}
	f.forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	f.forward.ErrorLog = log.New(io.Discard, "", 0) // the harm is meant
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + to.Path
	return f
}

// next begins an account of requests; plan gives the fault of the nth, from 0; nil is
// none.
func (f *faults) next(plan func(n int) fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests, f.plan = nil, plan
}

// only is a fault of the nth request.
func only(n int, harm fault) func(int) fault {
	return func(i int) fault {
		if i == n {
			return harm
		}
		return nil
	}
}

func always(harm fault) func(int) fault { return func(int) fault { return harm } }

// seen is the requests since next.
func (f *faults) seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

func (f *faults) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	var harm fault
	if f.plan != nil {
		harm = f.plan(len(f.requests))
	}
	f.requests = append(f.requests, r.Method+" "+r.URL.String())
	f.mu.Unlock()
	if harm == nil {
		f.forward.ServeHTTP(w, r)
		return
	}
	harm(f, w, r)
}

// answerWith is an answer instead of the service's.
func answerWith(status int, code string) fault {
	return func(_ *faults, w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Ms-Error-Code", code)
		w.Header().Set("X-Ms-Request-Id", "4711")
		w.WriteHeader(status)
		io.WriteString(w, `<?xml version="1.0"?><Error><Code>`+code+`</Code><Message>sig=secret</Message></Error>`)
	}
}

// busyEarly says that the service is busy when it has got the request's head only.
func busyEarly(_ *faults, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Ms-Error-Code", "ServerBusy")
	w.WriteHeader(http.StatusServiceUnavailable)
}

// resetBefore breaks the connection before the service has got the request.
func resetBefore(_ *faults, _ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	panic(http.ErrAbortHandler)
}

// resetAfter breaks the connection when the service has carried out the request.
func resetAfter(f *faults, _ http.ResponseWriter, r *http.Request) {
	f.forward.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// busyAfter says that the service is busy when it has carried out the request.
func busyAfter(f *faults, w http.ResponseWriter, r *http.Request) {
	f.forward.ServeHTTP(httptest.NewRecorder(), r)
	answerWith(http.StatusServiceUnavailable, "ServerBusy")(f, w, r)
}

// tornRequest gives the service half of the request's body.
func tornRequest(f *faults, _ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), brokenReader{}))
	defer func() { recover(); panic(http.ErrAbortHandler) }()
	f.forward.ServeHTTP(httptest.NewRecorder(), r)
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

// tornAnswer gives the caller half of the answer's body.
func tornAnswer(f *faults, w http.ResponseWriter, r *http.Request) {
	got := httptest.NewRecorder()
	f.forward.ServeHTTP(got, r)
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	if got.Body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(got.Body.Len()))
		w.WriteHeader(got.Code)
		w.Write(got.Body.Bytes()[:got.Body.Len()/2])
		w.(http.Flusher).Flush()
	}
	panic(http.ErrAbortHandler)
}

// slowRequest gives the service the request's body in small pieces.
func slowRequest(f *faults, w http.ResponseWriter, r *http.Request) {
	r.Body = io.NopCloser(&smallReader{r.Body})
	f.forward.ServeHTTP(w, r)
}

type smallReader struct{ io.Reader }

func (r *smallReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 1000)]) }

var transient = map[string]fault{
	"busy":         answerWith(http.StatusServiceUnavailable, "ServerBusy"),
	"busy after":   busyAfter,
	"busy early":   busyEarly,
	"internal":     answerWith(http.StatusInternalServerError, "InternalError"),
	"too many":     answerWith(http.StatusTooManyRequests, ""),
	"reset before": resetBefore,
	"reset after":  resetAfter,
	"torn request": tornRequest,
	"torn answer":  tornAnswer,
	"slow request": slowRequest,
}
