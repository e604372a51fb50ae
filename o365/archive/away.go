package archive

import (
	"slices"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// away is whether the storage can be used. While it is away, one content at a time is
// tried after each pause; all others do without.
type away struct {
	mu      sync.Mutex
	err     error // the last one; nil: it is not away
	pause   time.Duration
	until   time.Time
	trying  bool              // one content, since until
	known   bool              // it has worked or failed
	hanging []<-chan struct{} // closed at the end of uploads that were broken off
}

// try reports whether a content can be copied now. If not, err says why, and after how
// long it is worth asking again.
func (a *away) try() (ok bool, after time.Duration, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		return true, 0, nil
	}
	now := time.Now()
	if now.Before(a.until) || a.trying || a.hangs() {
		return false, max(a.until.Sub(now), storage.FirstPause), a.err
	}
	a.trying = true
	return true, 0, nil
}

// unused takes back a try that came to nothing, since the content itself could not be
// read.
func (a *away) unused() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trying = false
}

// failed notes an error of the storage. It reports whether it is news.
func (a *away) failed(err error) (news bool, after time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	news = !a.known || a.err == nil || a.err.Error() != err.Error()
	switch {
	case a.err == nil:
		a.pause = storage.FirstPause
	case a.trying:
		a.pause = min(2*a.pause, storage.LongestPause)
	}
	if a.err == nil || a.trying { // not of those that were under way
		a.until = now.Add(a.pause)
	}
	a.err, a.known, a.trying = err, true, false
	return news, max(a.until.Sub(now), storage.FirstPause)
}

// worked notes a success. It reports whether it is news.
func (a *away) worked() (news bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	news = !a.known || a.err != nil
	a.err, a.known, a.trying = nil, true, false
	return news
}

// hang notes an upload that was broken off: nothing is tried until it has ended, since
// storage that hangs, such as a folder on a server that is down, would collect them.
func (a *away) hang(ended <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hangs() // which forgets those that have ended
	a.hanging = append(a.hanging, ended)
}

// hangs reports whether such an upload has not ended. The caller holds mu.
func (a *away) hangs() bool {
	a.hanging = slices.DeleteFunc(a.hanging, func(ended <-chan struct{}) bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	return len(a.hanging) > 0
}
