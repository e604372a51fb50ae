package collector

import (
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// downloaded acts on the outcome of a download. A failure is retried until the item
// expires, is gone, or was not there too often.
func (s *state) downloaded(r result, now time.Time) {
	i, st := r.item, r.item.stream
	action := s.source.Decide(r.err)
	switch action {
	case source.Done:
		if i.failures > 0 {
			s.retryEarly(st, now)
		}
		s.downloadRecovered(i)
		return
	case source.Absent:
		i.absentAnswers++
	}
	i.failures++
	retry := now.Add(s.retryPause(i.failures, i.latest && i.failures <= urgentDownloadTries, r.err))
	left := i.expires().Sub(s.serviceClock.atEarliest(now))
	if retry.Sub(now) > left && left > firstRetryPause {
		retry = now.Add(left / 2)
	}
	if action == source.Lost || i.absentAnswers >= absentDownloadTries || retry.Sub(now) > left {
		s.reportLost(st, i.span(), fmt.Sprintf("blob %s: %v", i.content.ID, r.err), now)
		st.metrics.Lost.Add(1)
		s.downloadRecovered(i)
		s.forgetItem(i)
		return
	}
	s.log.Debugf("%s: blob %s: retry in %s: %v", s.streamName(st), i.content.ID, retry.Sub(now).Round(time.Millisecond), r.err)
	st.metrics.Retries.Add(1)
	s.downloadFails(i, r.err)
	st.retryAt(i, retry)
}
