package o365

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
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
		_, err := r.tryOpen()
		if err == nil || !strings.Contains(err.Error(), "db: it belongs to an input that collects") {
			t.Errorf("Open returned %v", err)
		}
	})
}
