package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
)

// destination is the HTTP server that Fluent Bit sends the records to.
type destination struct {
	*httptest.Server
	down atomic.Bool // it answers 503
}

func startDestination() *destination {
	d := &destination{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if d.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	return d
}
