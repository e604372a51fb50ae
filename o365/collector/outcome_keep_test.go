package collector

import (
	"errors"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// An item whose copy is missing is downloaded again, ever more rarely, but a last time
// before it expires; it is no failure of the service. Then it counts as delivered, and
// is no gap.
func TestItemsWithoutACopy(t *testing.T) {
	away := &source.NotKept{Err: errors.New("no room"), After: 5 * time.Second}
	s, st, l, now := steadyState(t)
	begun, expires := now, now.Add(3*time.Hour)
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: expires.UTC()}, now)
	i := st.items["id"]
	settled := 0
	i.delivery = settling{Delivery: i.delivery, times: &settled}
	var pauses []time.Duration
	for settled == 0 {
		s.downloaded(result{task: task{kind: downloadItem, stream: st, item: i}, err: away}, now)
		if settled > 0 {
			break
		}
		if !i.content.Taken || st.metrics.ArchivePending.Load() != 1 || i.failures > 0 {
			t.Fatalf("after %v: taken %v, %d wait, %d failures", now.Sub(begun), i.content.Taken, st.metrics.ArchivePending.Load(), i.failures)
		}
		pauses = append(pauses, i.notBefore.Sub(now))
		now, st.retries = i.notBefore, nil
		if len(pauses) > 100 {
			t.Fatal("it is retried for ever")
		}
	}
	if pauses[0] != firstKeepPause || pauses[1] != 2*firstKeepPause || pauses[7] != longestKeepPause {
		t.Errorf("pauses of %v", pauses)
	}
	if left := expires.Sub(now); left < 0 || left > firstKeepPause {
		t.Errorf("the last attempt is %v before it expires", left)
	}
	if st.metrics.ArchiveLost.Load() != 1 || len(s.ledger.Gaps(st.id)) > 0 || len(s.holds()) > 0 {
		t.Errorf("%d lost, gaps %v, conditions %v", st.metrics.ArchiveLost.Load(), s.ledger.Gaps(st.id), s.holds())
	}
	s.itemDelivered(i)
	if st.metrics.ArchivePending.Load() != 0 {
		t.Error("it still waits for its copy")
	}
}

// What the service refuses for hours after its records were taken is no gap either.
func TestItemsThatAreGoneWithoutACopy(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: now.Add(72 * time.Hour).UTC()}, now)
	i := st.items["id"]
	settled := 0
	i.delivery = settling{Delivery: i.delivery, times: &settled}
	for h, err := range []error{&source.NotKept{Err: errReset, After: time.Minute}, errGone, errGone, errGone, errGone, errGone, errGone, errGone} {
		if settled > 0 {
			t.Fatalf("given up after %d hours", h)
		}
		s.downloaded(result{task: task{kind: downloadItem, stream: st, item: i}, err: err}, now.Add(time.Duration(h)*time.Hour))
	}
	if settled != 1 || st.metrics.Lost.Load() != 0 || len(s.ledger.Gaps(st.id)) > 0 {
		t.Errorf("settled %d times, %d lost, gaps %v", settled, st.metrics.Lost.Load(), s.ledger.Gaps(st.id))
	}
}

// One copy that succeeds makes those due that wait. Another version of a content is
// fetched at once.
func TestCopiesThatWait(t *testing.T) {
	s, st, l, now := steadyState(t)
	for _, id := range []string{"a", "b", "c"} {
		s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: id, Created: now.UTC(), Expires: now.Add(72 * time.Hour).UTC()}, now)
	}
	finish := func(id string, err error) {
		s.downloaded(result{task: task{kind: downloadItem, stream: st, item: st.items[id]}, err: err}, now)
	}
	finish("a", &source.NotKept{Err: errReset, After: time.Hour})
	finish("b", &source.NotKept{Err: errReset, After: time.Hour})
	finish("c", &source.NotKept{Err: errReset})
	if pause := st.items["c"].notBefore.Sub(now); pause != 0 {
		t.Errorf("another version after %v", pause)
	}
	if pause := st.items["b"].notBefore.Sub(now); pause != time.Hour {
		t.Errorf("a pause of %v", pause)
	}
	finish("a", nil)
	if pause := st.items["b"].notBefore.Sub(now); pause != 0 {
		t.Errorf("%v to wait after a success", pause)
	}
}

// Items that wait for their copy do not keep a stream from listing more.
func TestItemsWithoutACopyAreEvicted(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: now.Add(72 * time.Hour).UTC()}, now)
	s.downloaded(result{task: task{kind: downloadItem, stream: st, item: st.items["id"]}, err: &source.NotKept{Err: errReset, After: time.Hour}}, now)
	s.evictFailing(st)
	if len(st.items) > 0 || !l.unproven {
		t.Errorf("%d items left; the listing may complete: %v", len(st.items), !l.unproven)
	}
}

type settling struct {
	Delivery
	times *int
}

func (d settling) Settle() { *d.times++ }

// A download that its archive refuses says nothing about the login: it may have made no
// request.
func TestCopiesSayNothingOfTheLogin(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: now.Add(72 * time.Hour).UTC()}, now)
	for range persistentFailures {
		s.taskFinished(result{task: task{kind: listPage, stream: st, listing: l}, err: &source.SignInError{Err: errReset}}, now)
		now = s.pausedUntil
	}
	before := len(s.holds())
	s.taskFinished(result{task: task{kind: downloadItem, stream: st, item: st.items["id"]}, err: &source.NotKept{Err: errReset, After: time.Minute}}, now)
	if before == 0 || len(s.holds()) != before {
		t.Errorf("%d conditions before, %v after", before, s.holds())
	}
}

// A content that is another one with each download does not take all requests.
func TestVersionsWithoutEnd(t *testing.T) {
	s, st, l, now := steadyState(t)
	s.itemListed(st, l, source.Item{ContentType: st.id.ContentType, ID: "id", Created: now.UTC(), Expires: now.Add(72 * time.Hour).UTC()}, now)
	begun, downloads := now, 0
	for now.Sub(begun) < 24*time.Hour && downloads < 1000 {
		i := st.items["id"]
		s.downloaded(result{task: task{kind: downloadItem, stream: st, item: i}, err: &source.NotKept{Err: errReset}}, now)
		now, st.retries = i.notBefore, nil
		downloads++
	}
	if downloads > 80 {
		t.Errorf("%d downloads in %v", downloads, now.Sub(begun))
	}
}
