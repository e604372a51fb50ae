package ledger

import (
	"errors"
	"maps"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// How long entries are kept, beyond the retention of their source.
const (
	// listingMargin is how long before the end of its retention content counts as
	// expired: the oldest content expires while it is being listed.
	listingMargin = 5 * time.Minute
	// expiryGrace is added to every expiry: clocks differ, and the Management
	// Activity API serves content for up to an hour longer.
	expiryGrace = 24 * time.Hour
	// maxExpiryExcess is how much longer than its retention a blob is kept because
	// of its contentExpiration. A later one is absurd.
	maxExpiryExcess = 23 * 24 * time.Hour
	// minGapRetention is how long gaps are kept at least, for people to read.
	minGapRetention = 90 * 24 * time.Hour
	// maxGaps is how many gaps are kept: in memory of each stream, in a store at
	// least of all streams together. The oldest go first.
	maxGaps = 10000
)

var errNoRetention = errors.New("internal error: the ledger has no retention of content; please report this bug")

// retentions are how long the source keeps content of each content type.
type retentions struct {
	byContentType map[string]time.Duration
	longest       time.Duration
}

// newRetentions fails when there is no retention, or one that is not positive.
func newRetentions(byContentType map[string]time.Duration) (retentions, error) {
	r := retentions{byContentType: maps.Clone(byContentType)}
	for _, d := range byContentType {
		if d <= 0 {
			return r, errNoRetention
		}
		r.longest = max(r.longest, d)
	}
	if r.longest == 0 {
		return r, errNoRetention
	}
	return r, nil
}

// of returns the retention of a stream. A content type that is not collected now
// may be collected again, so what is known of it is kept for the longest one.
func (r retentions) of(s source.Stream) time.Duration {
	if d, ok := r.byContentType[s.ContentType]; ok {
		return d
	}
	return r.longest
}

// blobExpiry returns, in Unix seconds, when no listing has the blob any more. A
// contentExpiration that is missing or absurd must neither forget it early nor
// keep it forever.
func (r retentions) blobExpiry(d Delivery, now time.Time) uint32 {
	kept := r.of(d.Stream)
	t := d.Created.Add(kept)
	if d.Created.IsZero() {
		t = now.Add(kept)
	}
	if d.Expires.After(t) {
		t = d.Expires
	}
	if last := now.Add(kept + maxExpiryExcess); t.After(last) {
		t = last
	}
	return uint32(max(t.Add(expiryGrace).Unix(), 0))
}

// firstListed returns the oldest contentCreated that is certain to be listed at
// now, in whole seconds.
func (r retentions) firstListed(s source.Stream, now time.Time) time.Time {
	return now.Add(listingMargin - r.of(s)).UTC().Truncate(time.Second)
}

// spansFrom returns the time before which completed spans are forgotten.
func (r retentions) spansFrom(s source.Stream, now time.Time) time.Time {
	return now.Add(-r.of(s) - expiryGrace)
}

// gapsFrom returns the time before which a gap must have been found to be
// forgotten. A gap is kept at least as long as the time it is in can be listed.
func (r retentions) gapsFrom(now time.Time) time.Time {
	return now.Add(-max(minGapRetention, r.longest+expiryGrace))
}
