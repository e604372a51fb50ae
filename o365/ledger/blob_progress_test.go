package ledger

import (
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

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
