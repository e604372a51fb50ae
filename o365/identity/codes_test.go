package identity

import (
	"testing"
)

// Every code has both what is wrong and what to do.
func TestMeanings(t *testing.T) {
	for code, m := range meanings {
		if m.what == "" || m.remedy == "" {
			t.Errorf("AADSTS%d: %+v", code, m)
		}
	}
	for _, code := range []int{7000215, 700016, 90002, 7000222, 700027, 50034, 900023, 65001, 53003} {
		if _, ok := meanings[code]; !ok {
			t.Errorf("AADSTS%d has no meaning", code)
		}
	}
}
