package handover

import "slices"

// maxSearchSteps bounds the search for missing batches: rounds are short, and
// mostly one batch is missing. It is enough for every set of carefulBatches.
const maxSearchSteps = 250_000

// missing finds the batches of the round that can be the ones which the
// counters lack. If several sets of batches fit, all of them are marked: a batch
// delivered twice is better than a batch lost. If there are too many sets to try them
// all, every batch is marked. It returns false if no set fits, because Fluent Bit counts
// something else than it was given.
func (t *tracker) missing(moved Amount) (doubtful []bool, ok bool) {
	s := t.search(moved)
	if s.stepsLeft <= 0 {
		return slices.Repeat([]bool{true}, len(t.round)), true
	}
	return s.doubtful, s.found
}

// search tries the sets of batches that can be missing, in at most
// maxSearchSteps steps and one more for each batch.
func (t *tracker) search(moved Amount) search {
	s := search{
		round:     make([]Amount, len(t.round)),
		doubtful:  make([]bool, len(t.round)),
		stepsLeft: maxSearchSteps,
	}
	for i, e := range t.round {
		s.round[i] = e.Amount
	}
	s.rest = make([]Amount, len(s.round)+1)
	for i := len(s.round) - 1; i >= 0; i-- {
		s.rest[i] = s.rest[i+1].plus(s.round[i])
	}
	want := s.rest[0].minus(moved)
	s.found = s.consecutive(want)
	s.from(0, want, nil)
	return s
}

type search struct {
	round     []Amount
	rest      []Amount // rest[i] is the sum of round[i:]
	doubtful  []bool
	found     bool
	stepsLeft int
}

// consecutive reports whether a batch, or batches one after the other, add up to want.
// Mostly that is what is missing, and it must not depend on how many other sets there
// are. Which ones they are is for from to find.
func (s *search) consecutive(want Amount) bool {
	for i := range s.round {
		for end := i + 1; end < len(s.rest); end++ {
			if s.rest[i].minus(s.rest[end]) == want {
				return true
			}
		}
	}
	return false
}

// from searches round[i:] for sets that add up to want, and marks them together
// with the batches chosen so far.
func (s *search) from(i int, want Amount, chosen []int) {
	if want == (Amount{}) {
		s.found = true
		for _, c := range chosen {
			s.doubtful[c] = true
		}
		return
	}
	if s.stepsLeft--; s.stepsLeft <= 0 || i == len(s.round) {
		return
	}
	if want.Records < 0 || want.Bytes < 0 || want.Records > s.rest[i].Records || want.Bytes > s.rest[i].Bytes {
		return
	}
	s.from(i+1, want.minus(s.round[i]), append(chosen, i))
	s.from(i+1, want, chosen)
}
