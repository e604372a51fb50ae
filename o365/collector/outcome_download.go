package collector

import (
	"errors"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// downloaded acts on the outcome of a download. A failure is retried until the item
// expires; that it is gone contradicts the listing that named it, and is believed
// after refusalPatience.
func (s *state) downloaded(r result, now time.Time) {
	i, st := r.item, r.item.stream
	if e := new(source.NotKept); errors.As(r.err, &e) {
		s.notKept(i, e, now)
		return
	}
	action := s.source.Decide(r.err)
	switch action {
	case source.Done:
		st.refusals = 0
		if i.failures > 0 {
			s.retryEarly(st, now)
		}
		s.keptAtLast(i, now)
		s.downloadRecovered(i)
		return
	case source.Absent, source.Lost:
		st.refusals++
		if i.refusedSince.IsZero() {
			i.refusedSince = now
		}
	default:
		i.refusedSince = time.Time{}
	}
	i.failures++
	retry := now.Add(s.downloadPause(i, r.err))
	left := i.expires().Sub(s.serviceClock.expiryTime(now))
	if retry.Sub(now) > left && left > firstRetryPause {
		retry = now.Add(left / 2)
	}
	refused := !i.refusedSince.IsZero() && (i.lostBefore || now.Sub(i.refusedSince) >= refusalPatience)
	if refused || retry.Sub(now) > left {
		if i.content.Taken {
			s.neverKept(i, r.err)
		} else {
			s.itemLost(i, r.err, now)
		}
		return
	}
	s.log.Debugf("%s: blob %s: retry in %s: %v", s.streamName(st), i.content.ID, retry.Sub(now).Round(time.Millisecond), r.err)
	st.metrics.Retries.Add(1)
	s.downloadFails(i, r.err)
	st.retryAt(i, retry)
}

// itemLost gives an item up. A later sweep tries it again, since what the service
// refuses today it may serve tomorrow.
func (s *state) itemLost(i *item, err error, now time.Time) {
	st := i.stream
	if !slices.ContainsFunc(s.ledger.Gaps(st.id), func(g ledger.Gap) bool { return gapOfItem(g, i.content.ID) }) {
		s.reportLost(st, i.span(), gapReason(i.content.ID)+err.Error(), now)
		st.metrics.Lost.Add(1)
	}
	st.rememberLost(i.content.ID, now.Add(retentionSweepInterval))
	s.downloadRecovered(i)
	s.forgetItem(i)
}
