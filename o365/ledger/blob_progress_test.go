package ledger

import (
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestKeepUntil(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name             string
		created, expires time.Time
		want             time.Time
	}{
		{"as the service has it", start.Add(-day), start.Add(6 * day), start.Add(7 * day)},
		{"expires later than it is listed", start.Add(-day), start.Add(9 * day), start.Add(10 * day)},
		{"listed longer than it can be had", start.Add(-day), start.Add(day), start.Add(7 * day)},
		{"no expiration", start.Add(-day), time.Time{}, start.Add(7 * day)},
		{"no creation", time.Time{}, start.Add(8 * day), start.Add(9 * day)},
		{"neither", time.Time{}, time.Time{}, start.Add(8 * day)},
		{"absurd", start, start.AddDate(5000, 0, 0), start.Add(31 * day)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := time.Unix(int64(keepUntil(Delivery{Created: test.created, Expires: test.expires}, start)), 0)
			if !got.Equal(test.want) {
				t.Errorf("%v instead of %v", got.UTC(), test.want)
			}
		})
	}
}

func TestBlobKey(t *testing.T) {
	seen := make(map[Key]string)
	for _, parts := range [][3]string{{"a", "b", "c"}, {"ab", "", "c"}, {"", "ab", "c"}, {"a", "", "bc"}, {"a", "bc", ""}, {"", "", ""}} {
		k := blobKey(source.Stream{Tenant: parts[0], ContentType: parts[1]}, parts[2])
		if other, ok := seen[k]; ok {
			t.Errorf("%q has the key of %s", parts, other)
		}
		seen[k] = parts[0] + "|" + parts[1] + "|" + parts[2]
	}
}

func TestProgressCounts(t *testing.T) {
	var e entry
	for _, step := range []struct {
		through int
		done    bool
		want    Progress
	}{
		{-1, false, Progress{0, false}},
		{5, false, Progress{5, false}},
		{3, false, Progress{5, false}},
		{1<<31 - 1, true, Progress{1<<31 - 1, true}},
		{1 << 40, false, Progress{1<<31 - 1, true}},
	} {
		e.grow(Delivery{Through: step.through, Done: step.done})
		if e.progress() != step.want {
			t.Errorf("%v instead of %v", e.progress(), step.want)
		}
	}
}
