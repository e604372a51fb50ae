package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

const quota = 300 // requests a minute

func startService(dir string) (*rig.Service, error) {
	return rig.StartService(dir, cloud.Options{
		Seed: 1, Blobs: 168, Records: 60, Live: 4 * time.Second,
		Duplicates: 1, Late: 5, LateBy: 90 * time.Second,
		Quota: cloud.Quota{PerMinute: quota},
	})
}

// sink is the destination that Fluent Bit sends the records to.
type sink struct {
	*httptest.Server
	down atomic.Bool
}

func startSink() *sink {
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if s.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	return s
}
