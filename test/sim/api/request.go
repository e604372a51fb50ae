package api

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// request is one request to the API and its answer.
type request struct {
	w         http.ResponseWriter
	r         *http.Request
	op        string
	tenant    *tenant
	contentOf string // content type asked for, if the operation has one
	query     url.Values
	fault     *Fault // what is to go wrong with the body, if anything
	inserted  []byte // the record that a fault inserts into the body
	status    int
	code      string // AF code of a refusal
}

// serve takes a request through everything that all operations share.
func (c *Service) serve(w http.ResponseWriter, r *http.Request, op string, operate func(*request) error) {
	req := &request{r: r, op: op, query: r.URL.Query()}
	req.w = &statusWriter{ResponseWriter: w, status: &req.status}
	req.contentOf = c.contentOf(req)
	c.stats.begin(req, c.isForeign(r.Host), c.Now())
	defer c.stats.end(req)

	w.Header().Set("Date", c.Now().Format(http.TimeFormat))
	if !wait(r.Context(), c.opt.Latency) {
		return
	}
	if f := c.faults.pick(req); f != nil {
		c.stats.fault(f.Kind)
		req.fault = f
		if f.replacesAnswer(c, req) {
			return
		}
	}
	err := c.authorize(req)
	if err == nil && !c.quota.take(req.tenant.id, c.Now()) {
		c.stats.refuse()
		err = tooMany(req)
	}
	if err == nil {
		err = operate(req)
	}
	if err != nil {
		req.refuse(err)
	}
}

// contentOf is the content type a request is about: its parameter, or that of the
// blob it asks for.
func (c *Service) contentOf(req *request) string {
	if req.op != "audit" {
		return req.param("contentType")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tenants[strings.ToLower(req.r.PathValue("tenant"))]; t != nil {
		if b := t.blobs[req.r.PathValue("id")]; b != nil {
			return b.series.typ
		}
	}
	return ""
}

// param is a query parameter; its name may be in any case, as in a NextPageUri.
func (req *request) param(name string) string {
	for key, values := range req.query {
		if strings.EqualFold(key, name) {
			return values[0]
		}
	}
	return ""
}

// key names the request across its repetitions: the same whoever the publisher
// says it is.
func (req *request) key() string {
	q := make(url.Values, len(req.query))
	for name, values := range req.query {
		if !strings.EqualFold(name, "PublisherIdentifier") {
			q[strings.ToLower(name)] = values
		}
	}
	return req.r.Method + req.r.URL.Path + "?" + q.Encode()
}

// root is the scheme and host under which the client knows the service.
func (c *Service) root(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// answer sends the result of a short operation. The operation itself holds the
// lock, and nothing is written under it: a client may be slow to read.
func answer(operate func(*request) (string, error)) func(*request) error {
	return func(req *request) error {
		body, err := operate(req)
		if err == nil {
			req.w.Header().Set("Content-Type", jsonType)
			if f := req.fault; f != nil && f.Kind == Drip {
				_ = drip(req, req.w, http.NewResponseController(req.w).Flush, []byte(body))
				return nil
			}
			req.respond(http.StatusOK, req.fault.formText(body))
		}
		return err
	}
}

const jsonType = "application/json; charset=utf-8"

// respond sends a whole answer. A failing write means that the client has gone,
// which is its own affair.
func (req *request) respond(status int, body string) {
	if status == http.StatusNoContent {
		req.w.WriteHeader(status) // HTTP allows no body with it
		return
	}
	req.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	req.w.WriteHeader(status)
	_, _ = io.WriteString(req.w, body)
}

// statusWriter remembers the status. ResponseController unwraps it.
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
