package handover

import (
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
)

// Instances are the inputs that run, each by the number of its thread. It is safe for
// concurrent use, and ready as its zero value.
type Instances[T any] struct {
	mu       sync.Mutex
	byThread map[uintptr]T
	shared   *o365.Shared
}

// Add notes the instance of a thread.
func (all *Instances[T]) Add(thread uintptr, in T) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.byThread == nil {
		all.byThread = make(map[uintptr]T)
	}
	all.byThread[thread] = in
}

// Of returns the instance of a thread, or the zero value.
func (all *Instances[T]) Of(thread uintptr) T {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.byThread[thread]
}

// Remove is Of for the last time: threads' numbers are used again.
func (all *Instances[T]) Remove(thread uintptr) T {
	all.mu.Lock()
	defer all.mu.Unlock()
	in := all.byThread[thread]
	delete(all.byThread, thread)
	return in
}

// Count returns how many run.
func (all *Instances[T]) Count() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return len(all.byThread)
}

// Each calls f for each that runs. f must not call methods of all.
func (all *Instances[T]) Each(f func(T)) {
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, in := range all.byThread {
		f(in)
	}
}

// Shared is what all have in common that run at the same time.
func (all *Instances[T]) Shared() *o365.Shared {
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.byThread) == 0 || all.shared == nil {
		all.shared = o365.NewShared()
	}
	return all.shared
}
