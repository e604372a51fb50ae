package o365

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/transport"
	testrig "github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// Options get to what they are for, and what is known of the login to its metrics.
func TestAssembly(t *testing.T) {
	r := newRig(t, api.Options{})
	ends := time.Now().Add(90 * 24 * time.Hour).UTC().Truncate(time.Second)
	r.options["client_secret"], r.options["certificate_file"] = "", writeCertificate(t, ends)
	r.options["tenant_id"] += ", 8d3c0f9e-41b7-4f0a-9c55-6a0e1f2b7d33"
	r.options["request_timeout"], r.options["concurrency"] = "7s", "3"
	config, err := ParseConfig(func(key string) string { return r.options[key] })
	if err != nil {
		t.Fatal(err)
	}
	in, err := Open(config, r.host())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if got := in.transport.TLSHandshakeTimeout; got != 7*time.Second {
		t.Errorf("a TLS handshake may take %v", got)
	}
	if got := in.transport.MaxIdleConnsPerHost; got != config.mostRequests() {
		t.Errorf("%d connections are kept, want %d", got, config.mostRequests())
	}
	if h := in.transport.HTTP2; h.MaxReceiveBufferPerConnection != 2*config.mostRequests()*h.MaxReceiveBufferPerStream {
		t.Errorf("%d bytes are buffered of a connection, %d of a request", h.MaxReceiveBufferPerConnection, h.MaxReceiveBufferPerStream)
	}
	for _, name := range in.Metrics().Tenants() {
		tenant := in.Metrics().Tenant(name)
		if got := tenant.CredentialExpiry(); !got.Equal(ends) {
			t.Errorf("%s: the certificate ends at %v, want %v", name, got, ends)
		}
		if got := tenant.TokenExpiry(); !got.IsZero() {
			t.Errorf("%s: the token ends at %v, and there is none", name, got)
		}
	}
}

// writeCertificate writes a certificate that ends at a moment, with its key, and returns
// its path. The simulated login service does not know it.
func writeCertificate(t *testing.T, ends time.Time) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: ends.AddDate(-1, 0, 0), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	for _, block := range []pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}} {
		if err := pem.Encode(&file, &block); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "certificate.pem")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The host is called when there is a batch after there was none.
func TestHostIsCalled(t *testing.T) {
	r := newRig(t, api.Options{Blobs: 1, Records: 1})
	config, err := ParseConfig(func(key string) string { return r.options[key] })
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{}, 100)
	host := r.host()
	host.Ready = func() {
		select {
		case ready <- struct{}{}:
		default:
		}
	}
	in, err := Open(config, host)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for got := 0; got < r.planned; {
		if b := in.Next(); b != nil {
			got += b.Records
			b.Ack()
			continue
		}
		select {
		case <-ready:
		case <-time.After(time.Minute):
			t.Fatalf("nobody asks for more than the %d records that came", got)
		}
	}
}

// countedConn is a connection that is counted until it is closed.
type countedConn struct {
	net.Conn
	once sync.Once
	open *atomic.Int64
}

func (c *countedConn) Close() error {
	c.once.Do(func() { c.open.Add(-1) })
	return c.Conn.Close()
}

// Close leaves no connection behind, also none that waits for the next request.
func TestCloseEndsConnections(t *testing.T) {
	r := newRig(t, api.Options{Blobs: 1, Records: 1})
	r.options["poll_interval"] = "1h"
	config, err := ParseConfig(func(key string) string { return r.options[key] })
	if err != nil {
		t.Fatal(err)
	}
	base, err := transport.New(transport.Options{CAFile: config.CAFile, HandshakeTimeout: time.Minute, Requests: config.mostRequests(), Tenants: 1})
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int64
	base.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		connections.Add(1)
		return &countedConn{Conn: conn, open: &connections}, nil
	}
	in, err := open(config, r.host(), base, sources())
	if err != nil {
		t.Fatal(err)
	}
	r.take(in, r.all)
	if connections.Load() == 0 {
		t.Error("there was no connection")
	}
	in.Close()
	// A connection on which a request was broken off is closed by its own goroutine.
	if !testrig.Within(30*time.Second, func() bool { return connections.Load() == 0 }) {
		t.Errorf("%d connections are open", connections.Load())
	}
}

// A mistake in the collector of a tenant is reported for the content types of that tenant
// alone.
func TestMistakeIsOfOneTenant(t *testing.T) {
	streams := []source.Stream{{Tenant: "a", ContentType: api.Exchange}, {Tenant: "a", ContentType: api.DLP}, {Tenant: "b", ContentType: api.Exchange}}
	monitor := health.NewMonitor(streams, nil, nil, nil)
	collect(t.Context(), "a", nil, monitor) // which panics
	for _, status := range monitor.Snapshot() {
		if failing := status.State == health.Failing; failing != (status.Tenant == "a") {
			t.Errorf("%s %s is %s: %v", status.Tenant, status.ContentType, status.State, status.Causes)
		}
	}
}
