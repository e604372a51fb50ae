package o365

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

// A restart goes on where the last one stopped, wherever that was: in the
// middle of blobs, with batches out that nobody confirmed.
func TestRestartRepeatsNothing(t *testing.T) {
	for name, change := range map[string]func(map[string]string){
		"dedup":    func(map[string]string) {},
		"no dedup": func(o map[string]string) { o["dedup"] = "off" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, api.Options{Seed: 6, Blobs: 4, Records: 40, Faults: api.Flaky(0.1)}, func(t *testing.T, r *rig) {
				r.options["db"] = filepath.Join(t.TempDir(), "state.db")
				r.options["batch_size"] = "8k"
				change(r.options)
				for stops := 1; !r.all(); stops++ {
					in := r.open()
					some := len(r.records) + 250
					r.take(in, func() bool { return r.all() || len(r.records) >= some })
					in.Next() // handed over, never confirmed
					in.Close()
				}
				in := r.open()
				time.Sleep(time.Minute)
				if b := in.Next(); b != nil {
					t.Errorf("%d records come again", b.Records)
				}
				in.Close()
				r.check()
			})
		})
	}
}

// Without dedup nothing is remembered of records.
func TestLedgerWithoutDedup(t *testing.T) {
	for dedup, want := range map[bool]ledger.Verdict{true: ledger.Known, false: ledger.New} {
		book, err := openLedger(Config{Dedup: dedup, DedupMax: 1000, DedupWindow: time.Hour}, activity.ContentTypes(), time.Now, nil)
		if err != nil {
			t.Fatal(err)
		}
		claims := []ledger.Claim{{Key: ledger.Key{1}}, {Key: ledger.Key{1}}}
		if book.Claim(claims); claims[1].Verdict != want {
			t.Errorf("dedup %t: %v", dedup, claims[1].Verdict)
		}
		book.Close()
	}
}

// A disk that is full holds up what would be repeated after a kill, and no
// more than that.
func TestNothingMoreWhileTheLedgerCantBeWritten(t *testing.T) {
	inBubble(t, api.Options{Seed: 12, Blobs: 20, Records: 30}, func(t *testing.T, r *rig) {
		r.options["db"] = filepath.Join(t.TempDir(), "state.db")
		r.options["batch_size"] = "4k"
		in := r.open()
		defer in.Close()
		in.reporter.ledger.Close() // every write fails from now on
		batches := 0
		idle := time.Now()
		for deadline := time.Now().Add(30 * time.Second); (batches == 0 || time.Since(idle) < time.Second) && time.Now().Before(deadline); time.Sleep(100 * time.Microsecond) {
			if b := in.Next(); b != nil {
				b.Ack()
				batches++
				idle = time.Now()
			}
		}
		if batches < delivery.MaxUnwritten || batches > delivery.MaxUnwritten+10 {
			t.Errorf("%d batches were handed over without the ledger", batches)
		}
		r.listen(in, 12*time.Second, "the state file can't be written")
		if strings.Count(r.log.text(), "the state file can't be written") != 1 {
			t.Errorf("the log says:\n%s", r.log.text())
		}
	})
}

// At a hot reload the new input opens while the old one may still be closing.
func TestOpenWaitsForTheLedger(t *testing.T) {
	inBubble(t, api.Options{}, func(t *testing.T, r *rig) {
		r.options["db"] = filepath.Join(t.TempDir(), "state.db")
		first := r.open()
		go func() {
			time.Sleep(300 * time.Millisecond)
			first.Close()
		}()
		r.open().Close()

		first = r.open()
		defer first.Close()
		if _, err := r.tryOpen(); !errors.Is(err, ledger.ErrLocked) {
			t.Errorf("a second input of the same db gives %v", err)
		}
		begun := time.Now()
		r.options["db"] = filepath.Join(t.TempDir(), "none", "state.db")
		if _, err := r.tryOpen(); err == nil || time.Since(begun) > 0 {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if strings.Contains(r.log.text(), "no db is set") {
			t.Errorf("the log says\n%s", r.log.text())
		}
	})
}
