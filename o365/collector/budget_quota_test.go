//go:build !race

package collector

import (
	"fmt"
	"testing"
	"time"
)

func constant(n int) func(int) int { return func(int) int { return n } }

const changeMinute = 40 // minute in which something happens

func changing(before, after int) func(int) int {
	return func(minute int) int {
		if minute < changeMinute {
			return before
		}
		return after
	}
}

// Whatever the quota, its windows, who else uses it and how it changes: once
// the budget has found it, the quota is used, hardly exceeded, shared fairly,
// and urgent requests do not wait.
func TestBudgetUsesTheQuota(t *testing.T) {
	one, three := []int{0}, []int{0, 0, 0}
	for _, test := range []struct {
		name    string
		market  quotaModel
		settled int // by this minute
		minutes int
		seeds   uint64
		late    float64 // share of the polls, if any
	}{
		{"200", quotaModel{quota: constant(200), ceiling: 2000, joinMinutes: one}, 5, 120, 4, 0},
		{"200, refused ones count", quotaModel{quota: constant(200), ceiling: 2000, joinMinutes: one, countRefused: true}, 5, 120, 2, 0},
		{"200, slow answers", quotaModel{quota: constant(200), ceiling: 2000, joinMinutes: one, latency: 500 * time.Millisecond}, 10, 120, 2, 0},
		// One poll of an hour or two, by some seeds.
		{"200, ceiling 60,000", quotaModel{quota: constant(200), ceiling: 60000, joinMinutes: one}, 5, 120, 4, 0.01},
		// Three polls of eight requests each are an eighth of it, which is tight.
		{"200 for three", quotaModel{quota: constant(200), ceiling: 2000, joinMinutes: three}, 10, 240, 4, 0.02},
		{"2,000", quotaModel{quota: constant(2000), ceiling: 2000, joinMinutes: one}, 0, 40, 2, 0},
		{"2,000 for three", quotaModel{quota: constant(2000), ceiling: 2000, joinMinutes: three}, 5, 60, 4, 0},
		{"2,000 for three, ceiling 60,000", quotaModel{quota: constant(2000), ceiling: 60000, joinMinutes: three}, 5, 60, 2, 0},
		{"2,000, ceiling 60,000", quotaModel{quota: constant(2000), ceiling: 60000, joinMinutes: one}, 6, 60, 2, 0},
		{"6,000, ceiling 60,000", quotaModel{quota: constant(6000), ceiling: 60000, joinMinutes: one}, 3, 30, 2, 0},
		{"20,000, ceiling 60,000", quotaModel{quota: constant(20000), ceiling: 60000, joinMinutes: one}, 3, 12, 1, 0},
		{"60,000", quotaModel{quota: constant(60000), ceiling: 60000, joinMinutes: one}, 1, 5, 1, 0},
		{"60,000 for three", quotaModel{quota: constant(60000), ceiling: 60000, joinMinutes: three}, 3, 12, 1, 0},

		{"ten times as much", quotaModel{quota: changing(200, 2000), ceiling: 2000, joinMinutes: one}, changeMinute + 18, 90, 3, 0},
		{"a tenth", quotaModel{quota: changing(2000, 200), ceiling: 2000, joinMinutes: one}, changeMinute + 5, 120, 3, 0},
		{"twice as much for three", quotaModel{quota: changing(1000, 2000), ceiling: 2000, joinMinutes: three}, changeMinute + 15, 90, 3, 0},
		{"half as much for three", quotaModel{quota: changing(2000, 1000), ceiling: 2000, joinMinutes: three}, changeMinute + 5, 90, 3, 0},
		{"a stranger takes half", quotaModel{quota: constant(200), ceiling: 2000, joinMinutes: one, strangerRate: changing(0, 100)}, changeMinute + 5, 120, 3, 0},
		{"a stranger takes half, for three", quotaModel{quota: constant(2000), ceiling: 2000, joinMinutes: three, strangerRate: changing(0, 1000)}, changeMinute + 5, 90, 3, 0},
		{"a second process", quotaModel{quota: constant(2000), ceiling: 2000, joinMinutes: []int{0, changeMinute}}, changeMinute + 5, 90, 3, 0},
		{"a second process, ceiling 60,000", quotaModel{quota: constant(2000), ceiling: 60000, joinMinutes: []int{0, changeMinute}}, changeMinute + 5, 90, 2, 0},
		// It takes ten times what the first one had, to begin with.
		{"a second process on 200", quotaModel{quota: constant(200), ceiling: 2000, joinMinutes: []int{0, changeMinute}}, changeMinute + 80, 240, 4, 0.015},
		{"a third process", quotaModel{quota: constant(2000), ceiling: 2000, joinMinutes: []int{0, 0, changeMinute}}, changeMinute + 60, 160, 3, 0},
	} {
		for _, sliding := range []bool{false, true} {
			for seed := range test.seeds {
				t.Run(fmt.Sprintf("%s/sliding %v/%d", test.name, sliding, seed), func(t *testing.T) {
					if testing.Short() && test.market.quota(0) > 2000 {
						t.Skip("takes seconds, which -short forbids")
					}
					t.Parallel()
					m := test.market
					m.sliding, m.seed, m.concurrency = sliding, seed, 200
					if m.latency == 0 {
						m.latency = 100 * time.Millisecond
					}
					m.run(test.minutes)
					o := m.use(test.settled, test.minutes)
					t.Logf("used %.1f %%, refused %.2f %%, fairness %.2f, late %.2f %% (%s); settled in %d min", 100*o.use, 100*o.refused, o.jain,
						100*o.late, o.longest.Round(10*time.Millisecond), m.settled(test.settled/changeMinute*changeMinute, test.minutes))
					if o.use < 0.95 || o.refused > 0.01 || o.jain < 0.9 || o.late > test.late {
						t.Errorf("want at least 95 %%, at most 1 %%, at least 0.9, at most %.1f %%", 100*test.late)
					}
				})
			}
		}
	}
}
