package api

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
	"sync"
)

// faults chooses what goes wrong. Whether a fault with a probability happens
// depends on the request and how often it was tried, not on the order in which
// requests come in.
type faults struct {
	seed uint64

	mu    sync.Mutex
	list  []Fault
	fit   []int // requests that each fault fitted
	done  []int // times each happened
	tries map[uint64]int
}

func newFaults(seed uint64, list []Fault) *faults {
	f := &faults{seed: seed}
	f.set(list)
	return f
}

func (f *faults) set(list []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list, f.fit, f.done = list, make([]int, len(list)), make([]int, len(list))
	f.tries = map[uint64]int{}
}

func (f *faults) all() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.list
}

// SetFaults replaces the faults from the next request on.
func (c *Service) SetFaults(list ...Fault) { c.faults.set(list) }

func (f *faults) pick(req *request) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == 0 {
		return nil
	}
	h := fnv.New64a()
	fmt.Fprint(h, req.key())
	key := h.Sum64()
	try := f.tries[key]
	f.tries[key]++
	for i, fault := range f.list {
		if !fault.fits(req) || fault.Tries > 0 && try >= fault.Tries {
			continue
		}
		if f.fit[i]++; f.fit[i] <= fault.Skip || fault.Times > 0 && f.done[i] >= fault.Times {
			continue
		}
		draw := try
		if fault.Tries > 0 {
			draw = 0
		}
		dice := rand.New(rand.NewPCG(f.seed^key, uint64(draw)<<16|uint64(i)))
		if fault.Probability > 0 && dice.Float64() >= fault.Probability {
			continue
		}
		f.done[i]++
		if fault.At == 0 {
			fault.At = 0.05 + 0.9*dice.Float64()
		}
		return &fault
	}
	return nil
}

func (f *Fault) fits(req *request) bool {
	return (f.Op == "" || f.Op == req.op) &&
		(f.Tenant == "" || f.Tenant == req.r.PathValue("tenant")) &&
		(f.Type == "" || strings.EqualFold(f.Type, req.contentOf)) &&
		(f.Match == "" || strings.Contains(req.r.URL.RequestURI(), f.Match))
}
