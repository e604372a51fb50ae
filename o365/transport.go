package o365

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// streamBuffer bounds what an HTTP/2 stream holds for a reader that waits:
// net/http's own bound of 4 MiB would make several downloads that wait for
// Fluent Bit cost more than the queue.
const streamBuffer = 256 << 10

// idleConnection is how long a connection is kept that nobody uses.
const idleConnection = 90 * time.Second

// mostCAFile bounds ca_file, in bytes. All root certificates of a system have
// 200 KB.
const mostCAFile = 16 << 20

// newTransport returns the transport that all requests of an input go
// through, those of the login included.
func newTransport(c Config) (*http.Transport, error) {
	encryption, err := newTLS(c.CAFile)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // package activity asks for gzip itself
		MaxIdleConnsPerHost: c.mostRequests(),
		IdleConnTimeout:     idleConnection,
		TLSHandshakeTimeout: c.RequestTimeout,
		TLSClientConfig:     encryption,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     streamBuffer,
			MaxReceiveBufferPerConnection: streamBuffer * c.mostRequests() * len(c.Tenants),
		},
	}
	if c.Proxy != "" {
		u, err := url.Parse(c.Proxy.Reveal())
		if err != nil {
			return nil, fmt.Errorf("%s: the value is not a URL", option.Proxy)
		}
		t.Proxy = http.ProxyURL(u)
	}
	return t, nil
}

// newTLS returns how servers are spoken to, those of mail included.
func newTLS(caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	pem, err := files.Read(caFile, mostCAFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", option.CAFile, caFile, err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: %s holds no PEM certificate", option.CAFile, caFile)
	}
	c.RootCAs = roots
	return c, nil
}
