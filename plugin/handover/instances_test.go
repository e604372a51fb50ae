package handover

import (
	"slices"
	"testing"
)

// A thread has the instance that was opened on it last, until that is removed: the next
// one may get its number.
func TestInstances(t *testing.T) {
	var all Instances[string]
	check := func(step string, want ...string) {
		t.Helper()
		got := []string{all.Of(1), all.Of(2)}
		var each []string
		all.Each(func(in string) { each = append(each, in) })
		slices.Sort(each)
		running := slices.DeleteFunc(slices.Clone(want), func(in string) bool { return in == "" })
		slices.Sort(running)
		if !slices.Equal(got, want) || !slices.Equal(each, running) || all.Count() != len(running) {
			t.Errorf("%s: threads have %q, want %q; each of %d: %q", step, got, want, all.Count(), each)
		}
	}
	removed := func(thread uintptr, want string) {
		t.Helper()
		if got := all.Remove(thread); got != want {
			t.Errorf("removed %q of thread %d, want %q", got, thread, want)
		}
	}
	check("none", "", "")
	removed(1, "")
	all.Add(1, "a")
	check("one", "a", "")
	all.Add(2, "b")
	check("two", "a", "b")
	removed(1, "a")
	check("one is closed", "", "b")
	removed(1, "")
	all.Add(1, "c")
	check("its thread's number is used again", "c", "b")
	removed(1, "c")
	all.Add(2, "d")
	check("one was never removed", "", "d")
	removed(2, "d")
	check("all are closed", "", "")
}

// What inputs share begins anew once none runs, as at a hot reload.
func TestSharedOfInstances(t *testing.T) {
	var all Instances[string]
	first := all.Shared()
	all.Add(1, "a")
	second := all.Shared()
	all.Add(2, "b")
	all.Remove(1)
	if first == nil || second == nil || all.Shared() != second {
		t.Errorf("%p, then %p, then %p", first, second, all.Shared())
	}
	all.Remove(2)
	if all.Shared() == second {
		t.Error("what was shared outlives those who shared it")
	}
}
