package o365

import (
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/collector"
)

// Shared holds the request budgets of tenants, so that several inputs of one
// process do not exceed them together. It is safe for concurrent use.
type Shared struct {
	mu      sync.Mutex
	budgets map[string]*collector.Budget
}

// NewShared returns a Shared without any tenant.
func NewShared() *Shared { return &Shared{budgets: make(map[string]*collector.Budget)} }

// budget returns the one budget of a tenant. The lowest rate that any input
// asked for counts.
func (s *Shared) budget(endpoint, tenant string, perMinute int) *collector.Budget {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := endpoint + " " + tenant
	b := s.budgets[key]
	if b == nil {
		b = collector.NewBudget(perMinute)
		s.budgets[key] = b
	}
	b.Limit(perMinute)
	return b
}
