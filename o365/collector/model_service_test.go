package collector

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// service is a model of the API: when it lists which items, and what it refuses.
type service struct {
	*activity.Client // decides and explains
	t                *testing.T
	mu               sync.Mutex

	items               []modelItem
	pageSize            int
	subscribed          map[string]bool
	subscriptionsHidden bool                           // the list has none
	startedAgain        bool                           // a subscription that is on may be
	itemFault           func(c source.Item) error      // of downloads; nil: none
	changePage          func(t string, p *source.Page) // changes pages; nil: it does not
	skew                time.Duration
	answerDate          func(now time.Time) time.Time // the dates of answers; nil: they are right
	fault               func(op source.Op) error      // nil: none
	latency             time.Duration
	perMinute           int           // 0: no quota
	longestWindow       time.Duration // windows of it are refused
	tooLongWindows      int           // windows that were

	requests map[source.Op]int
	recent   []time.Time // of the last minute
	refused  int
	opened   []string // content ids, in order
	bodies   int      // that are not closed
}

type modelItem struct {
	source.Item
	listed time.Time // from when on listings show it
}

func newService(t *testing.T) *service {
	return &service{
		Client: new(activity.Client), t: t, pageSize: 3, requests: map[source.Op]int{},
		subscribed: map[string]bool{}, latency: 50 * time.Millisecond, longestWindow: 24 * time.Hour,
	}
}

// add makes an item available at created, but listed only late after.
func (s *service) add(t string, created time.Time, late time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("%d$%s", len(s.items), t)
	s.items = append(s.items, modelItem{
		Item:   source.Item{ContentType: t, ID: id, URI: "https://service/" + id, Created: created.UTC(), Expires: created.Add(late + retention).UTC()},
		listed: created.Add(late),
	})
	return id
}

// fail sets what the requests from now on fail with; nil: nothing.
func (s *service) fail(fault func(op source.Op) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = fault
}

func (s *service) requestCount(op source.Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[op]
}

// created is when an item became available.
func (s *service) created(id string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[slices.IndexFunc(s.items, func(b modelItem) bool { return b.ID == id })].Created
}

func (s *service) now() time.Time { return time.Now().Add(s.skew) }

// date is that of the next answer.
func (s *service) date() time.Time {
	now := s.now().Truncate(time.Second)
	if s.answerDate != nil {
		return s.answerDate(now)
	}
	return now
}

// call does what all requests have in common: latency, quota, faults.
func (s *service) call(ctx context.Context, op source.Op) error {
	select {
	case <-time.After(s.latency):
	case <-ctx.Done():
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests[op]++
	if s.perMinute > 0 && !s.withinQuota(time.Now()) {
		s.refused++
		return &source.Error{Op: op, Status: 403, Code: "AF429"}
	}
	if s.fault != nil {
		return s.fault(op)
	}
	return nil
}

// withinQuota reports whether another request may be accepted at now, and counts it.
func (s *service) withinQuota(now time.Time) bool {
	for len(s.recent) > 0 && now.Sub(s.recent[0]) >= time.Minute {
		s.recent = s.recent[1:]
	}
	if len(s.recent) >= s.perMinute {
		return false
	}
	s.recent = append(s.recent, now)
	return true
}

func (s *service) Subscriptions(ctx context.Context) ([]source.Subscription, time.Time, error) {
	if err := s.call(ctx, source.OpSubscriptions); err != nil {
		return nil, time.Time{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []source.Subscription
	for t, on := range s.subscribed {
		if s.subscriptionsHidden {
			break
		}
		list = append(list, source.Subscription{ContentType: strings.ToLower(t), Enabled: on})
	}
	return list, s.date(), nil
}

func (s *service) Start(ctx context.Context, t string) (bool, error) {
	if err := s.call(ctx, source.OpStart); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	wasOn := s.subscribed[t]
	if wasOn && !s.startedAgain {
		s.t.Errorf("%s was started although it is", t)
	}
	s.subscribed[t] = true
	return !wasOn, nil
}

func (s *service) List(ctx context.Context, t string, span source.Span, next string, want source.Want) (source.Page, error) {
	if next == "" {
		return s.page(ctx, t, span.From, span.To, 0, want)
	}
	var number [3]int64 // not fmt.Sscanf, which takes a tenth of the tests' time
	for i, text := range strings.SplitN(next, " ", len(number)) {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			s.t.Errorf("next page %q: %v", next, err)
		}
		number[i] = n
	}
	return s.page(ctx, t, time.Unix(number[0], 0), time.Unix(number[1], 0), int(number[2]), want)
}

func (s *service) page(ctx context.Context, t string, from, to time.Time, skip int, want source.Want) (source.Page, error) {
	if err := s.call(ctx, source.OpList); err != nil {
		return source.Page{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if !s.subscribed[t] {
		return source.Page{}, &source.Error{Op: source.OpList, Status: 400, Code: "AF20022"}
	}
	if to.Sub(from) >= s.longestWindow {
		s.tooLongWindows++
		return source.Page{}, &source.Error{Op: source.OpList, Status: 400, Code: "AF20055", Date: s.date()}
	}
	if from.Nanosecond() != 0 || to.Nanosecond() != 0 || !from.Before(to) {
		s.t.Errorf("window %s to %s", from, to)
	}
	if from.Before(now.Add(-retention - time.Minute)) {
		return source.Page{}, &source.Error{Op: source.OpList, Status: 400, Code: "AF20030", Date: s.date()}
	}
	page, position := source.Page{Date: s.date()}, skip
	for i := range s.items {
		b := &s.items[i]
		if b.ContentType != t || b.listed.After(now) || !b.Created.After(from) || !b.Created.Before(to) {
			continue // an item of exactly the start may be served in part, so that it counts as not listed
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(page.Items) == s.pageSize {
			page.Next = fmt.Sprintf("%d %d %d", from.Unix(), to.Unix(), position)
			break
		}
		position++
		page.Items = append(page.Items, b.Item)
	}
	all := page.Items
	page.Items = nil
	for _, c := range all {
		if want.New != nil && !want.New(c.ID) {
			continue
		}
		if page.More = want.Most > 0 && len(page.Items) == want.Most; page.More {
			break
		}
		page.Items = append(page.Items, c)
	}
	if s.changePage != nil {
		s.changePage(t, &page)
	}
	return page, nil
}

func (s *service) Open(ctx context.Context, c source.Item) (io.ReadCloser, error) {
	if err := s.call(ctx, source.OpDownload); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now().After(c.Expires) {
		return nil, &source.Error{Op: source.OpDownload, Status: 400, Code: "AF20051"}
	}
	if s.itemFault != nil {
		if err := s.itemFault(c); err != nil {
			return nil, err
		}
	}
	s.opened = append(s.opened, c.ID)
	s.bodies++
	return body{strings.NewReader(c.ID), s}, nil
}

// body is that of a download.
type body struct {
	io.Reader
	service *service
}

func (b body) Close() error {
	b.service.mu.Lock()
	defer b.service.mu.Unlock()
	b.service.bodies--
	return nil
}
