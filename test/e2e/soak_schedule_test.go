package e2e

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// soakStep is something that happens in a soak.
type soakStep struct {
	at    time.Duration // from the beginning
	name  string        // of a condition or a blow
	lasts time.Duration // of a condition; zero: a blow
}

// The blows: what happens to the process at once.
const (
	soakKill    = "kill -9"
	soakRestart = "restart"
	soakReload  = "reload"
)

// processLife is the share of a soak at the beginning in which processes are killed
// and started again. Then one process lives on until the end, so that it can be
// seen whether its memory grows; it is only made to reload.
const processLife = 0.25

// soakSchedule draws from the seed what happens in a soak: one condition after
// the other, each of them once before any comes again, and blows at any time. The
// long conditions last for a minute if that is not too much of the whole.
func soakSchedule(seed uint64, length time.Duration, conditions []string, long func(string) bool) []soakStep {
	random := rand.New(rand.NewPCG(seed, 1))
	between := func(least, most time.Duration) time.Duration {
		return (least + time.Duration(random.Int64N(int64(most-least)))).Truncate(time.Millisecond)
	}
	end := length * 97 / 100
	var steps []soakStep
	var deck []string
	for at := between(5*time.Second, 10*time.Second); ; {
		if len(deck) == 0 {
			deck = slices.Clone(conditions)
			random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		lasts := between(5*time.Second, 25*time.Second)
		if long(deck[0]) {
			lasts = min(time.Minute, length/10)
		}
		if at+lasts > end {
			break
		}
		steps = append(steps, soakStep{at, deck[0], lasts})
		deck = deck[1:]
		at += lasts + between(time.Second, 8*time.Second)
	}
	young := time.Duration(float64(length) * processLife)
	blows := []string{soakKill, soakKill, soakRestart, soakReload}
	at := between(5*time.Second, 15*time.Second)
	for ; at < young; at += between(8*time.Second, 25*time.Second) {
		steps = append(steps, soakStep{at: at, name: blows[random.IntN(len(blows))]})
	}
	for ; at < end; at += between(time.Minute, 2*time.Minute) {
		steps = append(steps, soakStep{at: at, name: soakReload})
	}
	slices.SortStableFunc(steps, func(a, b soakStep) int { return cmp.Compare(a.at, b.at) })
	return steps
}

func TestSoakSchedule(t *testing.T) {
	t.Parallel()
	const length = time.Hour
	conditions := []string{"a", "b", "c", "long"}
	draw := func(seed uint64) []soakStep {
		return soakSchedule(seed, length, conditions, func(name string) bool { return name == "long" })
	}
	for seed := range uint64(20) {
		steps := draw(seed)
		if !slices.Equal(steps, draw(seed)) || slices.Equal(steps, draw(seed+1)) {
			t.Errorf("seed %d: the steps do not follow from the seed", seed)
		}
		count := map[string]int{}
		free := time.Duration(0) // when the last condition is over
		for i, step := range steps {
			count[step.name]++
			switch {
			case i > 0 && step.at < steps[i-1].at || step.at+step.lasts > length:
				t.Errorf("seed %d: %+v is out of order", seed, step)
			case step.lasts == 0 && step.name != soakReload && step.at > length/4:
				t.Errorf("seed %d: %+v is too late", seed, step)
			case step.lasts > 0 && step.at < free:
				t.Errorf("seed %d: %+v begins before the last condition is over", seed, step)
			case step.name == "long" && step.lasts != time.Minute:
				t.Errorf("seed %d: %+v", seed, step)
			}
			if step.lasts > 0 {
				free = step.at + step.lasts
			}
		}
		for _, name := range append(conditions, soakKill, soakRestart, soakReload) {
			if count[name] < 4 {
				t.Errorf("seed %d: %s only %d times", seed, name, count[name])
			}
		}
		if count["a"]-count["b"] > 1 || count["b"]-count["a"] > 1 {
			t.Errorf("seed %d: not each condition once before any comes again: %v", seed, count)
		}
	}
}
