package api

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// Account is what clients have requested so far.
type Account struct {
	Requests map[string]map[string]int `json:"requests"` // by operation, then status and AF code
	Faults   map[string]int            `json:"faults"`   // that happened, by kind
	Refused  int                       `json:"refused"`  // over the quota

	NoPublisher  map[string]int `json:"no_publisher"`   // requests without PublisherIdentifier, by operation
	TokensAbroad int            `json:"tokens_abroad"`  // bearer tokens sent to a host that is not the service
	EarlyStarts  int            `json:"early_starts"`   // starts less than 15 minutes after another
	Listings     int            `json:"listings"`       // first pages
	Pages        int            `json:"pages"`          // all pages
	Blobs        int            `json:"blobs"`          // different blobs served whole
	BlobsAgain   int            `json:"blobs_again"`    // served whole once more
	BlobsInPart  int            `json:"blobs_in_part"`  // second halves served
	PeakAtOnce   int            `json:"peak_at_once"`   // requests under way at once at most
	PeakInMinute int            `json:"peak_in_minute"` // requests in one minute of the clock at most

	Expected Expectation `json:"expected"`
}

// statistics counts requests.
type statistics struct {
	mu     sync.Mutex
	sum    Account
	now    int // requests under way
	minute time.Time
	inIt   int // requests in that minute
}

func newStatistics() *statistics {
	return &statistics{sum: Account{
		Requests:    map[string]map[string]int{},
		Faults:      map[string]int{},
		NoPublisher: map[string]int{},
	}}
}

func (a *statistics) begin(req *request, foreign bool, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now++
	a.sum.PeakAtOnce = max(a.sum.PeakAtOnce, a.now)
	if m := now.Truncate(time.Minute); !m.Equal(a.minute) {
		a.minute, a.inIt = m, 0
	}
	a.inIt++
	a.sum.PeakInMinute = max(a.sum.PeakInMinute, a.inIt)
	if req.param("PublisherIdentifier") == "" {
		a.sum.NoPublisher[req.op]++
	}
	if foreign && req.r.Header.Get("Authorization") != "" {
		a.sum.TokensAbroad++
	}
}

func (a *statistics) end(req *request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now--
	result := "none"
	if req.status > 0 {
		result = fmt.Sprint(req.status)
	}
	if len(req.code) > 0 && len(req.code) <= 12 {
		result += " " + req.code
	}
	if a.sum.Requests[req.op] == nil {
		a.sum.Requests[req.op] = map[string]int{}
	}
	a.sum.Requests[req.op][result]++
}

func (a *statistics) add(count func(*Account)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	count(&a.sum)
}

func (a *statistics) fault(kind string) { a.add(func(s *Account) { s.Faults[kind]++ }) }
func (a *statistics) refuse()           { a.add(func(s *Account) { s.Refused++ }) }
func (a *statistics) earlyStart()       { a.add(func(s *Account) { s.EarlyStarts++ }) }

func (a *statistics) listing(first bool) {
	a.add(func(s *Account) {
		s.Pages++
		if first {
			s.Listings++
		}
	})
}

func (a *statistics) blob(again, inPart bool) {
	a.add(func(s *Account) {
		switch {
		case inPart:
			s.BlobsInPart++
		case again:
			s.BlobsAgain++
		default:
			s.Blobs++
		}
	})
}

// Account returns what clients have requested so far.
func (c *Service) Account() Account {
	expected := c.Expect()
	a := c.stats
	a.mu.Lock()
	defer a.mu.Unlock()
	sum := a.sum
	sum.Expected = expected
	sum.Requests = map[string]map[string]int{}
	for op, results := range a.sum.Requests {
		sum.Requests[op] = maps.Clone(results)
	}
	sum.Faults = maps.Clone(sum.Faults)
	sum.NoPublisher = maps.Clone(sum.NoPublisher)
	return sum
}

// underWay is the number of requests that are not answered yet.
func (a *statistics) underWay() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}
