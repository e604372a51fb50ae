package cloud

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// call is one request on its way through the service.
type call struct {
	w         http.ResponseWriter
	r         *http.Request
	op        string
	tenant    *tenant
	contentOf string // content type asked for, if the operation has one
	query     url.Values
	fault     *Fault // what is to go wrong with the body, if anything
	planted   []byte // the record that a fault puts into the body
	status    int
	code      string // AF code of a refusal
}

// serve takes a request through everything that all operations share.
func (c *Cloud) serve(w http.ResponseWriter, r *http.Request, op string, operate func(*call) error) {
	k := &call{r: r, op: op, query: r.URL.Query()}
	k.w = &statusWriter{ResponseWriter: w, status: &k.status}
	k.contentOf = c.contentOf(k)
	c.account.begin(k, c.isStranger(r.Host), c.Now())
	defer c.account.end(k)

	w.Header().Set("Date", c.Now().Format(http.TimeFormat))
	if !wait(r.Context(), c.opt.Latency) {
		return
	}
	if f := c.faults.pick(k); f != nil {
		c.account.fault(f.Kind)
		k.fault = f
		if f.beforeBody(c, k) {
			return
		}
	}
	err := c.authorize(k)
	if err == nil && !c.quota.take(k.tenant.id, c.Now()) {
		c.account.refuse()
		err = tooMany(k)
	}
	if err == nil {
		err = operate(k)
	}
	if err != nil {
		k.refuse(err)
	}
}

// contentOf is the content type a call is about: its parameter, or that of the
// blob it asks for.
func (c *Cloud) contentOf(k *call) string {
	if k.op != "audit" {
		return k.param("contentType")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tenants[strings.ToLower(k.r.PathValue("tenant"))]; t != nil {
		if b := t.blobs[k.r.PathValue("id")]; b != nil {
			return b.series.typ
		}
	}
	return ""
}

// param is a query parameter; its name may be in any case, as in a NextPageUri.
func (k *call) param(name string) string {
	for key, values := range k.query {
		if strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

// key names the request across its repetitions: the same whoever the publisher
// says it is.
func (k *call) key() string {
	q := make(url.Values, len(k.query))
	for name, values := range k.query {
		if !strings.EqualFold(name, "PublisherIdentifier") {
			q[strings.ToLower(name)] = values
		}
	}
	return k.r.Method + k.r.URL.Path + "?" + q.Encode()
}

// root is the scheme and host under which the client knows the service.
func (c *Cloud) root(r *http.Request) string {
	if c.opt.BaseURL != "" {
		return strings.TrimSuffix(c.opt.BaseURL, "/")
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// answer sends what a short operation says. The operation itself holds the
// lock, and nothing is written under it: a client may be slow to read.
func answer(operate func(*call) (string, error)) func(*call) error {
	return func(k *call) error {
		body, err := operate(k)
		if err == nil {
			k.w.Header().Set("Content-Type", jsonType)
			if f := k.fault; f != nil && f.Kind == Drip {
				_ = drip(k, k.w, http.NewResponseController(k.w).Flush, []byte(body))
				return nil
			}
			k.respond(http.StatusOK, body)
		}
		return err
	}
}

const jsonType = "application/json; charset=utf-8"

// respond sends a whole answer. A failing write means that the client has gone,
// which is its own affair.
func (k *call) respond(status int, body string) {
	k.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	k.w.WriteHeader(status)
	_, _ = io.WriteString(k.w, body)
}

// statusWriter remembers the status. ResponseController looks through it.
type statusWriter struct {
	http.ResponseWriter
	status *int
}

func (w *statusWriter) WriteHeader(status int) {
	if *w.status == 0 {
		*w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if *w.status == 0 {
		*w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

const apiTime = "2006-01-02T15:04:05.000Z"

func formatTime(t time.Time) string { return t.UTC().Format(apiTime) }
