// Package transport has the round trippers of HTTP requests.
//
// [New] returns the base that all requests of an input share: proxy, root
// certificates, connections. [Guard] wraps it for requests that carry a
// credential, [Trace] for those to be logged.
package transport

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// Options are what [New] needs.
type Options struct {
	Proxy  option.Secret // URL, may hold a password; empty: HTTPS_PROXY and NO_PROXY of the environment
	CAFile string        // see [NewTLS]
	// HandshakeTimeout bounds a TLS handshake.
	HandshakeTimeout time.Duration
	// Requests is how many requests of one tenant can be under way at once.
	Requests int
	Tenants  int // at least 1
}

// idleTimeout is how long a connection without requests is kept.
const idleTimeout = 90 * time.Second

// streamBuffer is how many bytes of an HTTP/2 stream are buffered for a reader
// that is slow. With the bound of net/http, 4 MiB, several downloads that are
// blocked by Fluent Bit would need more memory than the queue.
const streamBuffer = 256 << 10

// New returns the transport of all requests of an input, those of the login
// included. It asks for no compression by itself. An error names the option that
// is wrong.
func New(o Options) (*http.Transport, error) {
	encryption, err := NewTLS(o.CAFile)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy:               recorded(http.ProxyFromEnvironment, environment),
		ForceAttemptHTTP2:   true,
		DisableCompression:  true, // Gunzip decompresses within bounds
		MaxIdleConnsPerHost: o.Requests,
		IdleConnTimeout:     idleTimeout,
		TLSHandshakeTimeout: o.HandshakeTimeout,
		TLSClientConfig:     encryption,

		OnProxyConnectResponse: onConnectAnswer,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     streamBuffer,
			MaxReceiveBufferPerConnection: streamBuffer * o.Requests * o.Tenants,
		},
	}
	if o.Proxy == "" {
		return t, checkEnvironment(os.Getenv)
	}
	u, err := url.Parse(o.Proxy.Reveal())
	if err != nil {
		return nil, fmt.Errorf("%s: the value is not a URL", option.Proxy)
	}
	t.Proxy = recorded(http.ProxyURL(u), option.Proxy)
	return t, nil
}
