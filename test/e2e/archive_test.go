package e2e

import (
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/azurite"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// TestArchive kills the host again and again during a backfill that is archived. In the
// end each blob is one object, whole and as it was served. In the middle the storage is
// away for a while.
func TestArchive(t *testing.T) {
	t.Parallel()
	for _, place := range []struct {
		name string
		open func(t *testing.T, pipe *pipeline) *archivePlace
	}{{"folder", inFolder}, {"Azurite", inAzurite}} {
		t.Run(place.name, func(t *testing.T) {
			inEachAtOnce(t, func(t *testing.T, p program) {
				opt := api.Options{
					Seed: 61, Blobs: 60, Records: sized(20, 200), Duplicates: 5, Late: 20, LateBy: 5 * time.Second,
					PageSize: 20, Faults: append(hurried(0.1), slowly(3*time.Millisecond)),
				}
				s := newService(t, opt)
				pipe := newPipeline(t, p, s)
				at := place.open(t, pipe)
				random := rand.New(rand.NewPCG(61, 1))
				const kills = 10
				for n := range 2 {
					pipe.killing(kills/2, func() time.Duration {
						return time.Duration(300+random.IntN(700)) * time.Millisecond
					})
					at.leave()
					pipe.start()
					time.Sleep(time.Duration(sized(5, 60)) * time.Second)
					at.come()
					if n == 0 {
						pipe.process.Kill()
					}
				}
				if err := rig.Await("the archive", 2*time.Minute, func() bool { return at.objects() >= s.Expect().Blobs }, at.objects); err != nil {
					t.Errorf("%v; %s", err, pipe.process.LogTail())
				}
				pipe.finish(repeats(kills+2, 4<<20))
				at.check(s)
			})
		})
	}
}

// archivePlace is where the objects of an archive are.
type archivePlace struct {
	t     *testing.T
	store storage.Store
	leave func() // the storage is away from now on
	come  func() // and back
}

func inFolder(t *testing.T, pipe *pipeline) *archivePlace {
	dir := filepath.Join(pipe.dir, "archive")
	must(t, os.Mkdir(dir, 0o700))
	pipe.set("archive_url", "file://"+dir)
	return &archivePlace{
		t: t, store: storage.NewFolder(dir),
		leave: func() { must(t, os.Rename(dir, dir+".away")) },
		come:  func() { must(t, os.Rename(dir+".away", dir)) },
	}
}

func inAzurite(t *testing.T, pipe *pipeline) *archivePlace {
	server, err := azurite.Start(azurite.Options{})
	if errors.Is(err, azurite.ErrMissing) {
		t.Skip(err)
	}
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop()) })
	must(t, server.CreateContainer(t.Context(), "audit"))
	u, err := url.Parse(server.URL)
	must(t, err)
	gate := newGate(t, u.Host)
	keyFile := filepath.Join(pipe.dir, "storage key")
	must(t, os.WriteFile(keyFile, []byte(azurite.Key+"\n"), 0o600))
	pipe.set("archive_url", "http://"+gate.Addr().String()+u.Path+"/audit/contoso")
	pipe.set("storage_key_file", keyFile)
	store, err := storage.Open(server.URL+"/audit/contoso", storage.Options{
		HTTP: server.Client, SharedKey: func() (option.Secret, error) { return azurite.Key, nil },
	})
	must(t, err)
	return &archivePlace{t: t, store: store, leave: gate.shut, come: gate.open}
}

func (a *archivePlace) objects() int {
	n := 0
	for _, err := range a.store.List(context.Background(), "", "") {
		if err != nil {
			return n
		}
		n++
	}
	return n
}

// check compares the objects with what the service has.
func (a *archivePlace) check(s *rig.Service) {
	a.t.Helper()
	n := 0
	var records [][]byte
	for info, err := range a.store.List(a.t.Context(), "", "") {
		must(a.t, err)
		n++
		text, sum, err := a.read(info.Name)
		if err != nil {
			a.t.Errorf("%s: %v", info.Name, err)
			continue
		}
		if digest := sha256.Sum256(text); hex.EncodeToString(digest[:]) != sum {
			a.t.Errorf("%s: it has the SHA-256 %x, not %s", info.Name, digest, sum)
		}
		var all []json.RawMessage
		must(a.t, json.Unmarshal(text, &all))
		for _, r := range all {
			records = append(records, r)
		}
	}
	if want := s.Expect().Blobs; n != want {
		a.t.Errorf("%d objects of %d blobs", n, want)
	}
	report := s.Check(slices.Values(records), check.Options{})
	a.t.Logf("%d objects, %v", n, report)
	if !report.OK() {
		a.t.Errorf("the archive: %v", report)
	}
}

// read returns the content of an object, unpacked, and the SHA-256 in its metadata.
func (a *archivePlace) read(name string) (text []byte, sum string, err error) {
	body, info, err := a.store.Get(a.t.Context(), name)
	if err != nil {
		return nil, "", err
	}
	defer body.Close()
	unpacked, err := gzip.NewReader(body)
	if err != nil {
		return nil, "", err
	}
	text, err = io.ReadAll(unpacked)
	if !strings.HasSuffix(name, ".json.gz") {
		err = errors.Join(err, fmt.Errorf("an unusual name"))
	}
	return text, info.Metadata["sha256"], err
}

// gate passes connections on to an address, or breaks them off while it is shut.
type gate struct {
	net.Listener
	to string

	mu     sync.Mutex
	closed bool
	conns  []net.Conn
}

func newGate(t *testing.T, to string) *gate {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	g := &gate{Listener: l, to: to}
	t.Cleanup(func() {
		l.Close()
		g.shut()
	})
	go g.serve()
	return g
}

func (g *gate) serve() {
	for {
		in, err := g.Accept()
		if err != nil {
			return
		}
		if out, err := net.Dial("tcp", g.to); err != nil || !g.add(in, out) {
			in.Close()
		} else {
			for _, way := range [][2]net.Conn{{in, out}, {out, in}} {
				go func() {
					io.Copy(way[0], way[1])
					way[0].Close()
				}()
			}
		}
	}
}

// add notes an open connection; false: the gate is shut.
func (g *gate) add(conns ...net.Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = append(g.conns, conns...)
	return !g.closed
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, c := range g.conns {
		c.Close()
	}
	g.conns = nil
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}
