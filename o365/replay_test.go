package o365

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// What was archived comes out again as it was collected, without a login.
func TestReplay(t *testing.T) {
	for _, format := range []string{"json", "ndjson"} {
		t.Run(format, func(t *testing.T) {
			inBubble(t, api.Options{Seed: 43, Blobs: 8, Records: 20, Duplicates: 10}, func(t *testing.T, r *rig) {
				dir, db := t.TempDir(), t.TempDir()
				r.archive("file://"+dir, format, 8*len(api.ContentTypes()))
				asked := r.cloud.Account()

				r.options[option.DB] = filepath.Join(db, "replay.db")
				in := r.open()
				r.take(in, func() bool {
					select {
					case <-in.Replayed():
						return true
					default:
						return false
					}
				})
				in.Close()
				r.check()
				if now := r.cloud.Account(); !reflect.DeepEqual(now, asked) {
					t.Errorf("the service was asked: %+v, before %+v", now, asked)
				}
			})
		})
	}
}

// archive collects into an archive, and lets the rig replay it next.
func (r *rig) archive(url, format string, blobs int) {
	r.t.Helper()
	r.options[option.ArchiveURL], r.options[option.ArchiveFormat] = url, format
	in := r.open()
	r.take(in, func() bool { return r.all() && delivered(in, int64(blobs)) })
	in.Close()
	r.check()
	r.records = nil
	r.options[option.ReplayURL] = url
	delete(r.options, option.ArchiveURL)
	r.options[option.ClientSecret] = "wrong"
}

// The state file of an input that collects is refused.
func TestReplayLedger(t *testing.T) {
	inBubble(t, api.Options{Seed: 44, Blobs: 2, Records: 2}, func(t *testing.T, r *rig) {
		r.options[option.DB] = filepath.Join(t.TempDir(), "o365.db")
		r.archive("file://"+t.TempDir(), "json", 2*len(api.ContentTypes()))
		for range 2 { // it is not kept open
			_, err := r.tryOpen()
			if err == nil || !strings.Contains(err.Error(), "db: it belongs to an input that collects") {
				t.Errorf("Open returned %v", err)
			}
		}
	})
}

// Options of a replay get to it, and it has no hours to report.
func TestOptionsOfAReplay(t *testing.T) {
	for _, db := range []string{"", "replay.db"} {
		inBubble(t, api.Options{}, func(t *testing.T, r *rig) {
			r.options[option.ReplayURL] = "file://" + t.TempDir()
			r.options[option.ReplayFrom], r.options[option.ReplayTo] = "1999-11-21", "1999-11-22"
			if r.options[option.DB] = ""; db != "" {
				r.options[option.DB] = filepath.Join(t.TempDir(), db)
			}
			in := r.open()
			r.listen(in, 2*time.Second, "")
			time.Sleep(3 * time.Hour)
			select {
			case <-in.Replayed():
			default:
				t.Error("it has not ended")
			}
			in.Close()
			text := r.log.text()
			for want, n := range map[string]int{
				"has no content of these tenants and content types available from 1999-11-21T00:00:00Z until 1999-11-22T00:00:00Z": 1,
				"no db is set: a replay that is broken off begins anew":                                                            map[bool]int{true: 1}[db == ""],
				"every start looks back": 0, "last hour": 0, ": collecting ": 0, ": replaying ": 1,
				"0 records of 0 blobs delivered, 0 duplicates dropped": 1,
			} {
				if strings.Count(text, want) != n {
					t.Errorf("%q is not there %d times:\n%s", want, n, text)
				}
			}
		})
	}
}

// What is replayed at once is bounded as what is collected is.
func TestBoundsOfAReplay(t *testing.T) {
	c := Config{Tenants: []string{"t"}, ContentTypes: []string{api.Exchange, api.DLP}, Concurrency: 3, QueueSize: 32e6, ReplayFrom: time.Unix(1, 0), ReplayTo: time.Unix(2, 0)}
	a := assembly{Config: c, metrics: metrics.New(c.Tenants, c.ContentTypes)}
	got := a.replayed(storage.NewMemory(), nil)
	if got.Concurrency != 3 || got.MostOpen != c.mostEntries() || got.Span != (source.Span{From: c.ReplayFrom, To: c.ReplayTo}) || len(got.Streams) != 2 || got.Metrics != a.metrics || got.Store == nil {
		t.Errorf("%+v", got)
	}
}
