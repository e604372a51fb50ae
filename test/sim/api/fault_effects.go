package api

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// replacesAnswer sets the header fields of the fault, and reports whether the fault
// has replaced the answer.
func (f *Fault) replacesAnswer(c *Service, req *request) bool {
	for name, value := range f.Header {
		if by, err := time.ParseDuration(value); err == nil && name == "Date" {
			value = c.Now().Add(by).Format(http.TimeFormat)
		}
		if self := c.root(req.r) + req.r.URL.RequestURI(); name == "NextPageUri" {
			switch value {
			case "self":
				value = self
			case "unknown":
				value = self + "&nextpage=unknown"
			}
		}
		req.w.Header().Set(name, value)
	}
	if f.RetryAfter > 0 {
		req.w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if status, err := strconv.Atoi(f.Kind); err == nil {
		if f.Size > 0 {
			c.flood(req, status)
			return true
		}
		body := f.Text
		req.w.Header().Set("Content-Type", jsonType)
		if body == "" {
			req.w.Header().Set("Content-Type", "text/html; charset=us-ascii")
			body = fmt.Sprintf("<html><head><title>%d</title></head>\r\n<body><center><h1>%[1]d %[2]s</h1></center></body></html>\r\n", status, http.StatusText(status))
		}
		req.respond(status, body)
		return true
	}
	switch f.Kind {
	case Flood:
		c.flood(req, http.StatusOK)
	case Throttle:
		req.refuse(tooMany(req))
	case Internal:
		req.refuse(refusef("AF50000", "An internal error occurred.  Retry the request."))
	case Unauthorized:
		req.refuse(errUnauthorized)
	case Refuse:
		req.refuse(refusef(f.Text, "Refused by a fault."))
	case Redirect:
		req.w.Header().Set("Location", c.elsewhere(req, Redirect, c.root(req.r)+req.r.URL.RequestURI()))
		req.respond(http.StatusFound, "")
	case Reset:
		reset(req)
	case Hang:
		f.hang(req)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// flood answers with Size bytes of the fault's Text, compressed for a client that
// accepts gzip.
func (c *Service) flood(req *request, status int) {
	f := req.fault
	req.w.Header().Set("Content-Type", jsonType)
	text := f.Text
	if text == "" {
		text = " "
	}
	out := io.Writer(req.w)
	if req.takesGzip() {
		req.w.Header().Set("Content-Encoding", "gzip")
		req.w.WriteHeader(status)
		zip := c.gzip(req.w)
		defer c.gzips.Put(zip)
		defer zip.Close()
		out = zip
	} else {
		req.w.WriteHeader(status)
	}
	piece := bytes.Repeat([]byte(text), max(1, (64<<10)/len(text)))
	for left := f.Size; left > 0; left -= int64(len(piece)) {
		if _, err := out.Write(piece[:min(left, int64(len(piece)))]); err != nil {
			return // the client has closed the connection
		}
	}
}

// cuts reports whether the body ends where the fault happens.
func (f *Fault) cuts() bool {
	switch f.Kind {
	case ResetBody, Abort, Truncate, Cut, CutGzip, Stall:
		return true
	}
	return false
}

// piece is the index of the piece, of n, that the fault happens to; -1 without a
// fault.
func (f *Fault) piece(n int) int {
	if f == nil {
		return -1
	}
	return max(0, min(int(f.At*float64(n)), n-1))
}

// breakOff ends an answer whose body was sent in part.
func (f *Fault) breakOff(req *request) {
	switch f.Kind {
	case ResetBody:
		reset(req)
	case Stall:
		f.hang(req)
		panic(http.ErrAbortHandler)
	case Abort:
		panic(http.ErrAbortHandler)
	}
}

// hang waits for Delay, or until the client gives up.
func (f *Fault) hang(req *request) {
	if f.Delay.Duration > 0 {
		wait(req.r.Context(), f.Delay.Duration)
		return
	}
	<-req.r.Context().Done()
}

// reset ends the connection with a TCP reset where it can, else like Abort.
func reset(req *request) {
	conn, _, err := http.NewResponseController(req.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	raw := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		raw = t.NetConn()
	}
	if t, ok := raw.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	_ = raw.Close()
}

// elsewhere moves a URI to the host in the text of a fault of this kind, and records
// that host as one that must never get a token.
func (c *Service) elsewhere(req *request, kind, uri string) string {
	if req.fault == nil || req.fault.Kind != kind {
		return uri
	}
	c.foreignMu.Lock()
	c.foreign[req.fault.Text] = true
	c.foreignMu.Unlock()
	_, rest, _ := strings.Cut(strings.TrimPrefix(uri, c.root(req.r)), "/")
	return "https://" + req.fault.Text + "/" + rest
}

func (c *Service) isForeign(host string) bool {
	c.foreignMu.Lock()
	defer c.foreignMu.Unlock()
	return c.foreign[host]
}
