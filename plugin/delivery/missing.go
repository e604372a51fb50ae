package delivery

import "slices"

// steps bounds the search of missing: rounds are short, and what is missing of
// them is mostly one batch.
const steps = 250_000

// missing finds the batches of the round that can be the ones the counters
// lack. Where several sets of batches would do, all of them are marked: a batch
// that comes twice is better than one that never comes; where there are too many
// such sets to try them all, every batch is. It reports false where no set would
// do, because the host counts something else than it was given.
func (t *Tracker[B]) missing(moved Load) (doubtful []bool, ok bool) {
	s := search{round: make([]Load, len(t.round)), doubtful: make([]bool, len(t.round)), left: steps}
	for i, e := range t.round {
		s.round[i] = e.Load
	}
	s.rest = make([]Load, len(s.round)+1)
	for i := len(s.round) - 1; i >= 0; i-- {
		s.rest[i] = s.rest[i+1].plus(s.round[i])
	}
	s.from(0, s.rest[0].minus(moved), nil)
	if s.found && s.left <= 0 {
		return slices.Repeat([]bool{true}, len(t.round)), true
	}
	return s.doubtful, s.found
}

type search struct {
	round    []Load
	rest     []Load // rest[i] is the sum of round[i:]
	doubtful []bool
	found    bool
	left     int
}

// from looks for sets in round[i:] that weigh want, beside those chosen.
func (s *search) from(i int, want Load, chosen []int) {
	if want == (Load{}) {
		s.found = true
		for _, c := range chosen {
			s.doubtful[c] = true
		}
		return
	}
	if s.left--; s.left <= 0 || i == len(s.round) {
		return
	}
	if want.Records < 0 || want.Bytes < 0 || want.Records > s.rest[i].Records || want.Bytes > s.rest[i].Bytes {
		return
	}
	s.from(i+1, want.minus(s.round[i]), append(chosen, i))
	s.from(i+1, want, chosen)
}
