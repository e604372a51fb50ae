package cloud

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

// beforeBody lets the fault happen if it is one that leaves no room for an
// answer.
func (f *Fault) beforeBody(c *Cloud, k *call) bool {
	for name, value := range f.Header {
		if by, err := time.ParseDuration(value); err == nil && name == "Date" {
			value = c.Now().Add(by).Format(http.TimeFormat)
		}
		if name == "NextPageUri" && value == "self" {
			value = c.root(k.r) + k.r.URL.RequestURI()
		}
		k.w.Header().Set(name, value)
	}
	if f.RetryAfter > 0 {
		k.w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	if status, err := strconv.Atoi(f.Kind); err == nil {
		if f.Size > 0 {
			c.flood(k, status)
			return true
		}
		body := f.Text
		k.w.Header().Set("Content-Type", jsonType)
		if body == "" {
			k.w.Header().Set("Content-Type", "text/html; charset=us-ascii")
			body = fmt.Sprintf("<html><head><title>%d</title></head>\r\n<body><center><h1>%[1]d %[2]s</h1></center></body></html>\r\n", status, http.StatusText(status))
		}
		k.respond(status, body)
		return true
	}
	switch f.Kind {
	case Flood:
		c.flood(k, http.StatusOK)
	case Throttle:
		k.refuse(tooMany(k))
	case Internal:
		k.refuse(refusef("AF50000", "An internal error occurred.  Retry the request."))
	case Unauthorized:
		k.refuse(errUnauthorized)
	case Refuse:
		k.refuse(refusef(f.Text, "Refused by a fault."))
	case Redirect:
		k.w.Header().Set("Location", c.lead(k, Redirect, c.root(k.r)+k.r.URL.RequestURI()))
		k.respond(http.StatusFound, "")
	case Reset:
		reset(k)
	case Hang:
		f.hang(k)
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	return true
}

// flood answers with Size bytes of the fault's Text, packed where the client takes
// that.
func (c *Cloud) flood(k *call, status int) {
	f := k.fault
	k.w.Header().Set("Content-Type", jsonType)
	text := f.Text
	if text == "" {
		text = " "
	}
	out := io.Writer(k.w)
	if k.takesGzip() {
		k.w.Header().Set("Content-Encoding", "gzip")
		k.w.WriteHeader(status)
		zip := c.gzip(k.w)
		defer c.gzips.Put(zip)
		defer zip.Close()
		out = zip
	} else {
		k.w.WriteHeader(status)
	}
	piece := bytes.Repeat([]byte(text), max(1, (64<<10)/len(text)))
	for left := f.Size; left > 0; left -= int64(len(piece)) {
		if _, err := out.Write(piece[:min(left, int64(len(piece)))]); err != nil {
			return // the client has had enough
		}
	}
}

// cuts tells whether the body ends where the fault happens.
func (f *Fault) cuts() bool {
	switch f.Kind {
	case ResetBody, Abort, Truncate, Cut, CutGzip, Stall:
		return true
	}
	return false
}

// place is the piece of n that the fault happens to.
func (f *Fault) place(n int) int {
	if f == nil {
		return -1
	}
	return max(0, min(int(f.At*float64(n)), n-1))
}

// breakOff ends an answer whose body was sent in part.
func (f *Fault) breakOff(k *call) {
	switch f.Kind {
	case ResetBody:
		reset(k)
	case Stall:
		f.hang(k)
		panic(http.ErrAbortHandler)
	case Abort:
		panic(http.ErrAbortHandler)
	}
}

// hang waits for Delay, or until the client gives up.
func (f *Fault) hang(k *call) {
	if f.Delay.Duration > 0 {
		wait(k.r.Context(), f.Delay.Duration)
		return
	}
	<-k.r.Context().Done()
}

// reset ends the connection with a TCP reset where it can, else like Abort.
func reset(k *call) {
	conn, _, err := http.NewResponseController(k.w).Hijack()
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

// lead sends a URI to the host of a fault that says so, and remembers the host
// as one that should never see a token.
func (c *Cloud) lead(k *call, kind, uri string) string {
	if k.fault == nil || k.fault.Kind != kind {
		return uri
	}
	c.strange.Lock()
	c.strangers[k.fault.Text] = true
	c.strange.Unlock()
	_, rest, _ := strings.Cut(strings.TrimPrefix(uri, c.root(k.r)), "/")
	return "https://" + k.fault.Text + "/" + rest
}

func (c *Cloud) isStranger(host string) bool {
	c.strange.Lock()
	defer c.strange.Unlock()
	return c.strangers[host]
}
