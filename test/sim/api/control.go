package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// controls are for whoever runs the simulation from another process:
//
//	GET  /_sim/account                                what happened so far
//	POST /_sim/check?dedup=on&ignore=date,tag         Report on the records in the body, one a line
//	GET  /_sim/faults, PUT /_sim/faults               the faults, as a JSON array
//	POST /_sim/produce?tenant=&type=&blobs=1&records=100
//	POST /_sim/live?state=off                         ends live production
//	POST /_sim/auditing?tenant=&state=on|off
//	POST /_sim/disable?tenant=&type=                  as a tenant's administrator would
func (c *Service) controls() {
	c.mux.HandleFunc("GET /_sim/account", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, c.Account())
	})
	c.mux.HandleFunc("POST /_sim/check", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		opt := check.Options{Dedup: q.Get("dedup") != "off"}
		if ignore := q.Get("ignore"); ignore != "" {
			opt.Ignore = strings.Split(ignore, ",")
		}
		report, err := c.CheckLines(r.Body, opt)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		writeJSON(w, report)
	})
	c.mux.HandleFunc("GET /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, c.faults.all())
	})
	c.mux.HandleFunc("PUT /_sim/faults", func(w http.ResponseWriter, r *http.Request) {
		list, err := ParseFaults(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.SetFaults(list...)
		w.WriteHeader(http.StatusNoContent)
	})
	c.mux.HandleFunc("POST /_sim/produce", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		c.Produce(q.Get("tenant"), q.Get("type"), atoi(q.Get("blobs"), 1), atoi(q.Get("records"), c.opt.Records))
		w.WriteHeader(http.StatusNoContent)
	})
	c.mux.HandleFunc("POST /_sim/live", func(w http.ResponseWriter, _ *http.Request) {
		c.StopLive()
		w.WriteHeader(http.StatusNoContent)
	})
	c.mux.HandleFunc("POST /_sim/auditing", func(w http.ResponseWriter, r *http.Request) {
		for _, id := range c.named(r) {
			c.SetAuditing(id, r.URL.Query().Get("state") != "off")
		}
		w.WriteHeader(http.StatusNoContent)
	})
	c.mux.HandleFunc("POST /_sim/disable", func(w http.ResponseWriter, r *http.Request) {
		for _, id := range c.named(r) {
			c.Disable(id, r.URL.Query().Get("type"))
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// named gives the tenant a request names, or all.
func (c *Service) named(r *http.Request) []string {
	if id := r.URL.Query().Get("tenant"); id != "" {
		return []string{id}
	}
	return c.opt.Tenants
}

func atoi(text string, def int) int {
	if n, err := strconv.Atoi(text); err == nil && n >= 0 {
		return n
	}
	return def
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", jsonType)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v)
}
