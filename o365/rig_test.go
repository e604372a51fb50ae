package o365

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	testrig "github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

const clientID = testrig.ClientID

// rig is a simulated Microsoft 365 and the options to collect from it.
type rig struct {
	t        *testing.T
	cloud    *api.Service
	login    *login.Service
	direct   http.RoundTripper // to the service without a network; nil: there is one
	options  map[string]string
	log      lines
	planned  int      // records of all content types, duplicates included
	distinct int      // the same without duplicates, once the service tells
	records  [][]byte // confirmed
}

func newRig(t *testing.T, opt api.Options) *rig {
	t.Helper()
	service, err := testrig.StartService(t.TempDir(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Down)
	return &rig{
		t: t, cloud: service.Service, login: service.Login, options: service.Options(),
		planned: len(api.ContentTypes()) * opt.Blobs * opt.Records,
	}
}

// inBubble runs f with a rig without a network, in a bubble with a clock that does not
// wait.
func inBubble(t *testing.T, opt api.Options, f func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		service, err := server.New(server.Options{API: opt, Login: login.Options{Seed: opt.Seed}, Listen: "127.0.0.1:443"})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{
			t: t, cloud: service.Service, login: service.Login, direct: service.Transport(), options: service.Settings(),
			planned: len(api.ContentTypes()) * opt.Blobs * opt.Records,
		}
		r.options["tenant_id"], r.options["poll_interval"] = api.DefaultTenant, "10s"
		delete(r.options, "ca_file")
		f(t, r)
	})
}

// open starts an input with the rig's options.
func (r *rig) open() *Input {
	r.t.Helper()
	in, err := r.tryOpen()
	if err != nil {
		r.t.Fatal(err)
	}
	return in
}

func (r *rig) tryOpen() (*Input, error) {
	config, err := ParseConfig(func(key string) string { return r.options[key] })
	if err != nil {
		return nil, err
	}
	if r.direct == nil {
		return Open(config, r.host())
	}
	return r.openFrom(config, sources())
}

func (r *rig) host() Host { return Host{Log: r.log.add, Shared: NewShared()} }

// openFrom starts an input that collects from these sources, without a network.
func (r *rig) openFrom(config Config, offers []offer) (*Input, error) {
	base := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}}
	base.RegisterProtocol("https", r.direct)
	return open(config, r.host(), base, offers)
}

// take hands over and confirms until enough reports true.
func (r *rig) take(in *Input, enough func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !enough(); {
		if time.Now().After(deadline) {
			r.t.Fatalf("only %d records came; the log says:\n%s", len(r.records), r.log.text())
		}
		b := in.Next()
		if b == nil {
			time.Sleep(time.Millisecond)
			continue
		}
		r.records = append(r.records, readEvents(r.t, b.Events)...)
		b.Ack()
	}
}

// all reports whether as many records have come as there are. The service
// expects nothing of content types that are not subscribed yet.
func (r *rig) all() bool {
	if r.distinct == 0 && r.cloud.Expect().Records >= r.planned {
		r.distinct = r.cloud.Check(slices.Values(r.records), check.Options{Dedup: true}).Expected
	}
	return r.distinct > 0 && len(r.records) >= r.distinct
}

// check compares what was confirmed with what the service has.
func (r *rig) check() {
	r.t.Helper()
	if report := r.cloud.Check(slices.Values(r.records), check.Options{Dedup: true}); !report.OK() {
		r.t.Errorf("%v\nthe log says:\n%s", report, r.log.text())
	}
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	said []string
}

func (l *lines) add(level logging.Level, line string) {
	if level > logging.Info {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said = append(l.said, fmt.Sprintf("%d %s", level, line))
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.said, "\n")
}
