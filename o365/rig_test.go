package o365

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	testrig "github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
)

const clientID = testrig.ClientID

// rig is a simulated Microsoft 365 and the options to collect from it.
type rig struct {
	t        *testing.T
	cloud    *api.Service
	login    *login.Service
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

// open starts an input with the rig's options.
func (r *rig) open() *Input {
	r.t.Helper()
	config, err := ParseConfig(func(key string) string { return r.options[key] })
	if err != nil {
		r.t.Fatal(err)
	}
	in, err := Open(config, Host{Log: r.log.add, Shared: NewShared()})
	if err != nil {
		r.t.Fatal(err)
	}
	return in
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
