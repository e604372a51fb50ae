package login

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// ProxyFault is what a proxy does instead of its work. The zero value is none.
type ProxyFault struct {
	// Status is the answer to CONNECT, with Challenges as Proxy-Authenticate.
	Status     int
	Challenges []string
	// Reply is the code with which a SOCKS5 proxy refuses (RFC 1928, section 6).
	Reply byte
	// Drop closes the connection at once, DropTunnel when the tunnel is there; Hang
	// never answers.
	Drop, DropTunnel, Hang bool
	// Text is sent instead of any answer.
	Text string
}

// Proxy is an HTTP and SOCKS5 proxy on a loopback address. Whatever host it is asked
// for, it connects to the one address it was made with.
type Proxy struct {
	listener net.Listener
	target   string

	mu             sync.Mutex
	fault          ProxyFault
	user, password string
	asked          []string
	open           map[net.Conn]bool
	closed         bool
	serving        sync.WaitGroup
}

// NewProxy starts a proxy in front of HOST:PORT; with a certificate it speaks TLS.
// Close stops it.
func NewProxy(target string, certificates ...tls.Certificate) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if len(certificates) > 0 {
		l = tls.NewListener(l, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12})
	}
	p := &Proxy{listener: l, target: target, open: map[net.Conn]bool{}}
	p.serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.serving.Go(func() { p.serve(c) })
		}
	})
	return p, nil
}

// Address is HOST:PORT.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Close stops the proxy and all connections through it.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

// Fail makes all requests from now on fail, or succeed again.
func (p *Proxy) Fail(f ProxyFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Require makes the proxy ask for a user and a password.
func (p *Proxy) Require(user, password string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.user, p.password = user, password
}

// Asked returns the HOST:PORT of all requests, as they came: a SOCKS5 client that
// leaves names to the proxy (socks5h) sends the name.
func (p *Proxy) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

// keep notes a connection that Close has to close; false if it has done so.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[c] = true
	return !p.closed
}

func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
	_ = c.Close()
}

func (p *Proxy) serve(c net.Conn) {
	defer p.drop(c)
	p.mu.Lock()
	f := p.fault
	p.mu.Unlock()
	if !p.keep(c) || f.Drop {
		return
	}
	in := bufio.NewReader(c)
	first, err := in.Peek(1)
	switch {
	case err != nil:
		return
	case f.Hang:
		_, _ = io.Copy(io.Discard, in) // until one side closes
		return
	case f.Text != "":
		_, _ = io.WriteString(c, f.Text)
		_, _ = io.Copy(io.Discard, in) // what is closed with bytes unread is reset
		return
	}
	accept := p.connect
	if first[0] == socksVersion {
		accept = p.socks
	}
	if !accept(in, c, f) || f.DropTunnel {
		return
	}
	p.relay(in, c)
}

func (p *Proxy) note(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, host)
}

// connect answers CONNECT (RFC 9110, section 9.3.6).
func (p *Proxy) connect(in *bufio.Reader, c net.Conn, f ProxyFault) bool {
	r, err := http.ReadRequest(in)
	if err != nil {
		return false
	}
	p.note(r.Host)
	p.mu.Lock()
	user, password := p.user, p.password
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	if user != "" && r.Header.Get("Proxy-Authorization") != want && f.Status == 0 {
		f.Status, f.Challenges = http.StatusProxyAuthRequired, []string{`Basic realm="proxy"`}
	}
	if f.Status != 0 {
		answer := &http.Response{StatusCode: f.Status, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Proxy-Authenticate": f.Challenges}}
		_ = answer.Write(c)
		return false
	}
	_, err = io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n")
	return err == nil
}

// Of SOCKS5 (RFC 1928) and its user and password (RFC 1929).
const (
	socksVersion, socksPlain, socksPassword, socksNone = 5, 0, 2, 0xff
	socksIPv4, socksName, socksIPv6                    = 1, 3, 4
)

func (p *Proxy) socks(in *bufio.Reader, c net.Conn, f ProxyFault) bool {
	methods, err := counted(in, 1)
	if err != nil {
		return false
	}
	p.mu.Lock()
	user, password := p.user, p.password
	p.mu.Unlock()
	method := byte(socksPlain)
	if user != "" {
		method = socksPassword
	}
	if !strings.Contains(string(methods), string(rune(method))) {
		method = socksNone
	}
	if _, err := c.Write([]byte{socksVersion, method}); err != nil || method == socksNone {
		return false
	}
	if method == socksPassword {
		name, err := counted(in, 1)
		if err != nil {
			return false
		}
		secret, err := counted(in, 0)
		if err != nil {
			return false
		}
		wrong := byte(0)
		if string(name) != user || string(secret) != password {
			wrong = 1
		}
		if _, err := c.Write([]byte{1, wrong}); err != nil || wrong != 0 {
			return false
		}
	}
	head := make([]byte, 4)
	if _, err := io.ReadFull(in, head); err != nil {
		return false
	}
	host, err := socksHost(in, head[3])
	if err != nil {
		return false
	}
	p.note(host)
	_, err = c.Write([]byte{socksVersion, f.Reply, 0, socksIPv4, 127, 0, 0, 1, 0, 0})
	return err == nil && f.Reply == 0
}

// counted reads skipped bytes, a length in one byte, and as many bytes.
func counted(in io.Reader, skipped int) ([]byte, error) {
	head := make([]byte, skipped+1)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	b := make([]byte, head[skipped])
	_, err := io.ReadFull(in, b)
	return b, err
}

func socksHost(in io.Reader, kind byte) (string, error) {
	var host string
	var err error
	if kind == socksName {
		var name []byte
		name, err = counted(in, 0)
		host = string(name)
	} else {
		ip := make(net.IP, map[byte]int{socksIPv4: net.IPv4len, socksIPv6: net.IPv6len}[kind])
		_, err = io.ReadFull(in, ip)
		host = ip.String()
	}
	port := make([]byte, 2)
	if err == nil {
		_, err = io.ReadFull(in, port)
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port[0])<<8|int(port[1]))), err
}

// relay copies both ways until one side closes.
func (p *Proxy) relay(in io.Reader, c net.Conn) {
	there, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.drop(there)
	if !p.keep(there) {
		return
	}
	p.serving.Go(func() {
		_, _ = io.Copy(there, in)
		p.drop(there)
	})
	_, _ = io.Copy(c, there)
}
