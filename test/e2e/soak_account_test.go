package e2e

import (
	"database/sql"
	"regexp"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
)

// falseGap is a line about content that the plugin takes for lost.
var falseGap = regexp.MustCompile(`(?m)^.* lost: .*$`)

// account ends a soak: everything is well again, what was published is delivered,
// and all is compared.
func (k *soak) account() {
	k.t.Helper()
	k.service.StopLive()
	k.setFaults()
	time.Sleep(15 * time.Second) // until the last blob is listed
	k.complete()
	r := k.report()
	resent := 0
	if k.destination != nil {
		resent = k.destination.resentBytes()
	}
	k.t.Logf("%d kills, %d restarts, %d reloads in %v, %d of them while the state file could not be written; of the repeated records %d kB came in chunks that Fluent Bit sent again, %d kB from the plugin (%d kB are forgiven)",
		k.kills, k.restarts, k.reloads, k.length, k.blind, resent>>10, k.repeatedByPlugin()>>10, k.mayRepeat()>>10)
	k.finish(k.mayRepeat() + resent)
	k.t.Logf("lost %d, changed %d, unexpected %d, invalid %d of %d records", r.Lost, r.Changed, r.Unexpected, r.Invalid, r.Expected)
	k.checkGaps()
	k.checkUsage()
	a := k.service.Account()
	k.t.Logf("%d listings, %d blobs, %d of them again; faults %v", a.Listings, a.Blobs, a.BlobsAgain, a.Faults)
	if a.TokensAbroad > 0 {
		k.t.Errorf("%d tokens were sent abroad", a.TokensAbroad)
	}
	if k.kills == 0 && a.EarlyStarts > 0 {
		k.t.Errorf("%d subscriptions were started again early", a.EarlyStarts)
	}
}

// repeatedByPlugin is how many bytes of records were repeated, without those in
// chunks that Fluent Bit sent again, which a kill makes it do.
func (k *soak) repeatedByPlugin() int {
	k.read()
	again := k.again
	if k.destination != nil {
		again -= k.destination.resentBytes()
	}
	return again
}

// mayRepeat is how much the plugin may deliver again: after a kill a batch of each
// content type, and after any end of a process that could not write its state
// file also the batches that may be acknowledged and not written.
func (k *soak) mayRepeat() int {
	return repeats(k.kills, soakUnstored) + repeats(k.blind, delivery.MaxUnwritten*soakBatch+soakUnstored)
}

// checkGaps looks for gaps in the log and in the state file. The service kept all
// that it had, so there must be none.
func (k *soak) checkGaps() {
	k.t.Helper()
	if lines := falseGap.FindAllString(k.process.Log(), 5); lines != nil {
		k.t.Errorf("false gaps in the log:\n%s", strings.Join(lines, "\n"))
	}
	db, err := sql.Open("sqlite", k.inputs[0]["db"])
	must(k.t, err)
	defer db.Close()
	var gaps int
	must(k.t, db.QueryRow("SELECT count(*) FROM missing").Scan(&gaps))
	if gaps > 0 {
		var typ, start, stop, reason string
		must(k.t, db.QueryRow("SELECT content_type, start, stop, reason FROM missing").Scan(&typ, &start, &stop, &reason))
		k.t.Errorf("%d false gaps in the state file, the first: %s, %s to %s: %s", gaps, typ, start, stop, reason)
	}
	var sound string
	must(k.t, db.QueryRow("PRAGMA integrity_check").Scan(&sound))
	if sound != "ok" {
		k.t.Errorf("the state file: %s", sound)
	}
}

// checkUsage compares the second quarter with the last one.
func (k *soak) checkUsage() {
	k.t.Helper()
	for name, measure := range map[string]func(soakSample) float64{
		"memory in MB": func(s soakSample) float64 { return float64(s.memory) / (1 << 20) },
		"descriptors":  func(s soakSample) float64 { return float64(s.descriptors) },
	} {
		second, last, ok := quarters(k.samples, k.length, measure)
		if !ok && k.length < 2*time.Minute {
			k.t.Logf("%s: not compared in so short a soak", name)
			continue
		}
		if !ok {
			k.t.Errorf("%s: too few samples of one process, %d in all", name, len(k.samples))
			continue
		}
		k.t.Logf("%s: %.1f in the median of the second quarter, %.1f in that of the last (%+.0f %%)", name, second, last, 100*(last/second-1))
		if last > second*(1+leakShare) {
			k.t.Errorf("%s: more than %.0f %% more", name, 100*leakShare)
		}
	}
}
