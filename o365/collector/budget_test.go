package collector

import (
	"testing"
	"time"
)

// spend makes requests for a time, as many as the budget gives leave for, and
// tells how many the service took and refused.
func spend(b *Budget, length time.Duration, takes func(now time.Time) bool) (taken, refused int) {
	begin := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	for now := begin; now.Sub(begin) < length; {
		wait, ok := b.Take(now)
		switch {
		case !ok:
			now = now.Add(wait)
		case takes(now):
			taken++
		default:
			refused++
			b.Refused(now, 0)
		}
	}
	return taken, refused
}

// A service with less than it promises is asked for little more than it has.
func TestBudgetFindsTheQuota(t *testing.T) {
	for _, quota := range []int{60, 300, 1000} {
		minute, used := time.Time{}, 0
		taken, refused := spend(NewBudget(2000), 30*time.Minute, func(now time.Time) bool {
			if m := now.Truncate(time.Minute); !m.Equal(minute) {
				minute, used = m, 0
			}
			used++
			return used <= quota
		})
		t.Logf("%d a minute: %d taken, %d refused", quota, taken, refused)
		if taken < 30*quota/2 || refused > taken/8 {
			t.Errorf("of %d requests a minute, %d were made in 30 minutes, and %d refused", quota, taken, refused)
		}
	}
}

// A service that refuses now and then, without a limit behind it, is slowed
// down by the pauses and not much more.
func TestBudgetBearsNoise(t *testing.T) {
	n := 0
	taken, refused := spend(NewBudget(2000), 30*time.Minute, func(time.Time) bool {
		n++
		return n%50 != 0
	})
	t.Logf("%d taken, %d refused", taken, refused)
	if taken < 30*300 {
		t.Errorf("%d requests in 30 minutes, with %d refused", taken, refused)
	}
}
