package api

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// Client is an HTTP client that reaches the service without a network, see
// [InProcess].
func (c *Service) Client() *http.Client { return &http.Client{Transport: InProcess(c)} }

// InProcess is a transport that reaches a handler without a network, under any host
// name: connections are pipes, so it works in a synctest bubble with its clock. An
// answer that is cut short fails to be read with io.ErrUnexpectedEOF.
func InProcess(handler http.Handler) http.RoundTripper { return direct{handler} }

// direct is a transport that calls a handler.
type direct struct{ handler http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	in.Host, in.RequestURI = r.URL.Host, r.URL.RequestURI()
	if r.Host != "" {
		in.Host = r.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if r.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{}
	}
	body, sink := io.Pipe()
	stop := context.AfterFunc(r.Context(), func() { _ = sink.CloseWithError(r.Context().Err()) })
	w := &pipeWriter{header: http.Header{}, body: sink, begun: make(chan struct{})}
	go func() {
		defer func() {
			var err error
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				err = io.ErrUnexpectedEOF
			default:
				panic(p)
			}
			w.close(err)
			_ = in.Body.Close()
		}()
		d.handler.ServeHTTP(w, in)
	}()
	select {
	case <-w.begun:
	case <-r.Context().Done():
		cancel()
		return nil, r.Context().Err()
	}
	done := func() { cancel(); stop() }
	if w.failed != nil {
		done()
		return nil, w.failed
	}
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent.Clone(), // the client may change it
		ContentLength: -1,
		Body:          &pipeBody{body, done},
		Request:       r,
	}, nil
}

// pipeWriter is the server's end.
type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter
	once   sync.Once
	begun  chan struct{}
	sent   http.Header
	status int
	failed error // the connection broke before an answer
}

var errReset = errors.New("connection reset by the simulated service")

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

func (w *pipeWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *pipeWriter) Flush() {}

// close ends the answer, with an error if the handler broke off.
func (w *pipeWriter) close(err error) {
	if err != nil {
		w.once.Do(func() {
			w.failed = errReset
			close(w.begun)
		})
	}
	w.WriteHeader(http.StatusOK)
	if w.sent.Get("Content-Length") == brokenLength && err == nil {
		err = io.ErrUnexpectedEOF
	}
	_ = w.body.CloseWithError(err)
}

// pipeBody is the client's end: closing it ends the handler's context.
type pipeBody struct {
	*io.PipeReader
	done func()
}

func (b *pipeBody) Close() error {
	b.done()
	return b.PipeReader.Close()
}
