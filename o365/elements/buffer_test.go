package elements

import (
	"slices"
	"strings"
	"testing"
)

// The buffer of a large element grows in few steps, the last of which holds the largest
// that is allowed.
func TestStepsOfTheBuffer(t *testing.T) {
	const limit = 8 << 20
	body := `[{"a":"` + strings.Repeat("x", limit-len(`{"a":""}`)) + `"}]`
	for name, valid := range validPrefixes {
		var sizes []int
		c := NewCutter(valid)
		c.Reset(strings.NewReader(body), limit, Hooks{Resize: func(bytes int) error { sizes = append(sizes, bytes); return nil }})
		el, err := c.Next()
		if err != nil || el.Err != nil || len(el.Raw) != limit {
			t.Fatalf("%s: %d bytes, %v, %v", name, len(el.Raw), el.Err, err)
		}
		if want := []int{1 << 20, 4 << 20, limit + readSize}; !slices.Equal(sizes, want) {
			t.Errorf("%s: the buffer gets %d bytes, want %d", name, sizes, want)
		}
	}
}
