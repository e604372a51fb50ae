package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// destination takes records by HTTP, while it is up.
type destination struct {
	t       *testing.T
	address string
	server  *httptest.Server
	refuse  atomic.Bool // answer 503

	mu     sync.Mutex
	file   string
	seen   map[[sha256.Size]byte]bool // bodies
	resent int                        // bytes of lines in bodies that had come before
}

// destinations is how many there have been. Each has an address of its own: while one is
// down, another test's server could get its port on 127.0.0.1.
var destinations atomic.Int32

func newDestination(t *testing.T, dir string) *destination {
	t.Helper()
	_, port, err := rig.FreePort()
	must(t, err)
	address := net.JoinHostPort(fmt.Sprintf("127.0.1.%d", destinations.Add(1)), port)
	d := &destination{t: t, address: address, file: filepath.Join(dir, "received.jsonl"), seen: map[[sha256.Size]byte]bool{}}
	t.Cleanup(d.down)
	return d
}

func (d *destination) options() options {
	host, port, _ := net.SplitHostPort(d.address)
	return options{"name": "http", "host": host, "port": port, "format": "json_lines", "json_date_key": "false"}
}

// up answers requests from now on.
func (d *destination) up() {
	d.t.Helper()
	var listener net.Listener
	must(d.t, rig.Await("the port of the destination", patience, func() (ok bool) {
		var err error
		listener, err = net.Listen("tcp", d.address)
		return err == nil
	}))
	d.server = httptest.NewUnstartedServer(d)
	_ = d.server.Listener.Close()
	d.server.Listener = listener
	d.server.Start()
}

// down refuses connections from now on. Requests under way are answered first, so
// that nothing is stored that the output does not know of.
func (d *destination) down() {
	if d.server != nil {
		d.server.Close()
		d.server = nil
	}
}

// resentBytes is how much came in bodies that had come before: chunks that an
// output sent again.
func (d *destination) resentBytes() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.resent
}

// ServeHTTP appends what it is sent to the file, whole or not at all.
func (d *destination) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if d.refuse.Load() {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	file, err := os.OpenFile(d.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.Write(body)
		_ = file.Close()
	}
	if err != nil {
		d.t.Error(err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	sum := sha256.Sum256(body)
	if d.seen[sum] {
		d.resent += len(body) - bytes.Count(body, []byte("\n"))
	}
	d.seen[sum] = true
}
