package replay

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		n     int
		works bool
		do    action
		pause time.Duration
	}{
		{1, true, again, time.Second},
		{3, true, again, 4 * time.Second},
		{4, true, lose, 0},
		{1, false, await, 0},
		{9, false, await, 0},
	} {
		if do, pause := decide(tt.n, tt.works); do != tt.do || pause != tt.pause {
			t.Errorf("%+v: %v after %v", tt, do, pause)
		}
	}
}

// An object that cannot be read is reported once, and all others come.
func TestLost(t *testing.T) {
	const text = `[{"Id":"1","CreationTime":"2021-03-28T23:00:00"},{"Id":"2","CreationTime":"2021-03-28T23:00:00"}]`
	whole := zipped(text)
	for _, tt := range []struct {
		name     string
		content  []byte
		fail     error
		salvaged int // records
		want     string
	}{
		{"cut off", whole[:len(whole)-9], nil, 2, "it is damaged; what could be read of it is delivered: restore it from a copy and replay its hour again (read body: unexpected EOF)"},
		{"changed", append(append([]byte{}, whole[:len(whole)-5]...), 1, 2, 3, 4, 5), nil, 2, "it is damaged"},
		{"empty", nil, nil, 0, "it is damaged"},
		{"no gzip", []byte(text), nil, 0, "it is damaged"},
		{"no JSON", zipped("<html>"), nil, 0, "it is damaged"},
		{"half the JSON", zipped(text[:len(text)-1]), nil, 2, "it is damaged"},
		{"removed", whole, storage.ErrNotFound, 0, "it was removed from the archive meanwhile: restore it and replay its hour again (no such object)"},
		{"forbidden", whole, &storage.Error{What: "there is no permission", Do: "grant it"}, 0, "there is no permission: grant it, and replay its hour again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				r.days(1)
				r.batch, r.slow = 100, 10*time.Second
				r.db = filepath.Join(t.TempDir(), "replay.db")
				name := r.putText(general, "bad", start.Add(23*time.Hour), 1, archive.JSON, text)
				r.putBytes(name, tt.content, nil)
				r.store.failing(func(of string) error {
					if of == name {
						return tt.fail
					}
					return nil
				})
				for range 2 {
					if !r.run() {
						t.Fatal("not done")
					}
				}
				if n, want := r.distinct(), 24*perHour+tt.salvaged; n != want {
					t.Errorf("%d records, want %d\n%s", n, want, r.log.text())
				}
				line := "t Audit.General: lost to the replay: object " + name + ": " + tt.want
				if r.log.count(line) != 2 || r.log.count("; 1 objects were lost") != 2 {
					t.Errorf("no line %q in each run:\n%s", line, r.log.text())
				}
				m := r.set.Stream("t", "Audit.General")
				if m.Lost.Load() != 1 || m.Gaps.Load() != 0 || m.Pending.Load() != 0 {
					t.Errorf("%d lost, %d gaps in the second run, %d pending", m.Lost.Load(), m.Gaps.Load(), m.Pending.Load())
				}

				r.store.failing(nil)
				r.putBytes(name, whole, nil)
				if !r.run() {
					t.Fatal("not done")
				}
				if n, want := r.distinct(), 24*perHour+2; n != want {
					t.Errorf("%d records, want %d\n%s", n, want, r.log.text())
				}
				if r.log.count("recovered: content of") != 1 {
					t.Errorf("the gap stays:\n%s", r.log.text())
				}
			})
		})
	}
}

// What is lost is explained, with a remedy.
func TestExplain(t *testing.T) {
	for _, tt := range []struct {
		err      error
		what, do string
	}{
		{nil, "it is damaged; what could be read of it is delivered", "restore it from a copy and replay its hour again"},
		{fmt.Errorf("get: %w", storage.ErrNotFound), "it was removed from the archive meanwhile", "restore it and replay its hour again"},
		{fmt.Errorf("get: %w", errAway), errAway.What, errAway.Do + ", and replay its hour again"},
		{&storage.Error{What: "no answer"}, "it can't be read", "look at the storage, and replay its hour again"},
		{errors.New("x"), "it can't be read", "look at the storage, and replay its hour again"},
	} {
		if what, do := explain(tt.err); what != tt.what || do != tt.do {
			t.Errorf("%v: %q: %q", tt.err, what, do)
		}
	}
}

// A storage that is away is waited for, whenever it goes.
func TestAway(t *testing.T) {
	for _, after := range []int{0, 1, 3, 40, 90} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t)
			r.days(1)
			calls := 0
			var until time.Time
			r.store.failing(func(string) error {
				if calls++; calls <= after {
					return nil
				}
				if until.IsZero() {
					until = time.Now().Add(20 * time.Minute)
				}
				if time.Now().Before(until) {
					return errAway
				}
				return nil
			})
			if !r.run() {
				t.Fatal("not done")
			}
			if n := r.distinct(); n != 24*perHour {
				t.Errorf("%d records, want %d\n%s", n, 24*perHour, r.log.text())
			}
			if took := time.Since(until); took > 3*time.Minute || until.IsZero() {
				t.Errorf("the replay ended %v after the storage was back", took)
			}
			const line = "t: not replayed: the archive can't be read: no answer: see to the network (no answer)"
			if log := r.log.text(); strings.Count(log, line)+strings.Count(log, "nothing is replayed: the archive can't be read: no answer") != 1 || !strings.Contains(log, "over after") || strings.Contains(log, "lost to the replay") {
				t.Errorf("after %d calls the log is\n%s", after, log)
			}
		})
	}
}

// What is not there after it was listed may be a folder that is no longer mounted.
func TestNothingThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.days(1)
		var until time.Time
		r.store.failing(func(name string) error {
			if until.IsZero() && strings.HasSuffix(name, "a5.json.gz") {
				until = time.Now().Add(10 * time.Minute)
			}
			if time.Now().Before(until) {
				return storage.ErrNotFound
			}
			return nil
		})
		if !r.run() {
			t.Fatal("not done")
		}
		if n := r.distinct(); n != 24*perHour {
			t.Errorf("%d records, want %d\n%s", n, 24*perHour, r.log.text())
		}
	})
}

// A storage that refuses object after object, though it lists them, is waited for.
func TestAllRefused(t *testing.T) {
	for _, concurrency := range []int{1, 4} {
		allRefused(t, concurrency)
	}
}

func allRefused(t *testing.T, concurrency int) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.config.Concurrency = concurrency
		r.days(2)
		until := time.Now().Add(time.Hour)
		r.store.failing(func(name string) error {
			if strings.HasSuffix(name, ".gz") && time.Now().Before(until) {
				return &storage.Error{What: "the object is in the access tier archive", Do: "bring it back"}
			}
			return nil
		})
		if !r.run() {
			t.Fatal("not done")
		}
		lost := r.log.count("lost to the replay")
		if lost < mostRefused || lost >= mostRefused+r.config.Concurrency || time.Now().Before(until) {
			t.Errorf("%d objects are lost\n%s", lost, r.log.text())
		}
		if r.log.count("not replayed: the archive can't be read: the object is in the access tier archive: bring it back") != 1 {
			t.Errorf("the log:\n%s", r.log.text())
		}
	})
}

// What was removed after the survey is missed, and what is left of its hour comes once.
func TestRemoved(t *testing.T) {
	for _, ids := range [][]string{{"a7.json.gz", "b7.ndjson.gz"}, {"a7.json.gz"}, {"b7.ndjson.gz"}} {
		removed(t, ids)
	}
}

func removed(t *testing.T, ids []string) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.days(1)
		r.store.failing(func(name string) error {
			if strings.HasSuffix(name, "a5.json.gz") {
				for _, id := range ids {
					_ = r.store.Delete(t.Context(), "tenant=t/content_type=Audit.General/date=2021-03-28/hour=07/"+id)
				}
			}
			return nil
		})
		if !r.run() {
			t.Fatal("not done")
		}
		want := 24 * perHour
		for _, id := range ids {
			want -= map[string]int{"a7.json.gz": 5, "b7.ndjson.gz": 3}[id]
		}
		if n := r.distinct(); n != want {
			t.Errorf("%d records, want %d\n%s", n, want, r.log.text())
		}
		for _, line := range []string{
			fmt.Sprintf("lost to the replay: %d objects of tenant=t/content_type=Audit.General/date=2021-03-28/hour=07/: they were removed", len(ids)),
			fmt.Sprintf("%d objects were lost", len(ids)), fmt.Sprintf("replay done: %d contents of 24 hours, ", 96-len(ids)),
		} {
			if r.log.count(line) != 1 {
				t.Errorf("no line %q:\n%s", line, r.log.text())
			}
		}
		if n := r.set.Stream("t", "Audit.General").Lost.Load(); n != int64(len(ids)) {
			t.Errorf("%d lost", n)
		}
	})
}

// A listing that breaks off at the same place again and again is reported.
func TestListingBroken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.days(1)
		r.store.setBroken("tenant=t/content_type=Audit.General/date=2021-03-28/hour=07/a7.json.gz")
		go func() {
			time.Sleep(10 * time.Minute)
			r.store.setBroken("")
		}()
		if !r.run() {
			t.Fatal("not done")
		}
		if n := r.distinct(); n != 24*perHour {
			t.Errorf("%d records, want %d\n%s", n, 24*perHour, r.log.text())
		}
		if r.log.count("the archive can't be read: no answer: see to the network") != 1 {
			t.Errorf("the log:\n%s", r.log.text())
		}
	})
}
