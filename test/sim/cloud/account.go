package cloud

import (
	"fmt"
	"maps"
	"sync"
	"time"
)

// Account is what a client made of the service so far.
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

// account keeps count of requests.
type account struct {
	mu     sync.Mutex
	sum    Account
	now    int // requests under way
	minute time.Time
	inIt   int // requests in that minute
}

func newAccount() *account {
	return &account{sum: Account{
		Requests:    map[string]map[string]int{},
		Faults:      map[string]int{},
		NoPublisher: map[string]int{},
	}}
}

func (a *account) begin(k *call, stranger bool, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now++
	a.sum.PeakAtOnce = max(a.sum.PeakAtOnce, a.now)
	if m := now.Truncate(time.Minute); !m.Equal(a.minute) {
		a.minute, a.inIt = m, 0
	}
	a.inIt++
	a.sum.PeakInMinute = max(a.sum.PeakInMinute, a.inIt)
	if k.param("PublisherIdentifier") == "" {
		a.sum.NoPublisher[k.op]++
	}
	if stranger && k.r.Header.Get("Authorization") != "" {
		a.sum.TokensAbroad++
	}
}

func (a *account) end(k *call) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now--
	result := "none"
	if k.status > 0 {
		result = fmt.Sprint(k.status)
	}
	if len(k.code) > 0 && len(k.code) <= 12 {
		result += " " + k.code
	}
	if a.sum.Requests[k.op] == nil {
		a.sum.Requests[k.op] = map[string]int{}
	}
	a.sum.Requests[k.op][result]++
}

func (a *account) add(count func(*Account)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	count(&a.sum)
}

func (a *account) fault(kind string) { a.add(func(s *Account) { s.Faults[kind]++ }) }
func (a *account) refuse()           { a.add(func(s *Account) { s.Refused++ }) }
func (a *account) earlyStart()       { a.add(func(s *Account) { s.EarlyStarts++ }) }

func (a *account) listing(first bool) {
	a.add(func(s *Account) {
		s.Pages++
		if first {
			s.Listings++
		}
	})
}

func (a *account) blob(again, inPart bool) {
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

// Account sums up what happened so far.
func (c *Cloud) Account() Account {
	expected := c.Expect()
	a := c.account
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
func (a *account) underWay() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.now
}
