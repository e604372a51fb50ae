package api

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// series is the content of one tenant and content type.
type series struct {
	opt    *Options
	tenant *tenant
	typ    string
	key    uint64 // what the seed becomes for this series
	sub    subscription
	blobs  []*blob // in order of making, by number
	listed []*blob // in order of listing, without those that are never listed
	ticks  int     // intervals of live production done
}

func newSeries(opt *Options, t *tenant, typ string) *series {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s/%s", opt.Seed, t.id, typ)
	s := &series{opt: opt, tenant: t, typ: typ, key: h.Sum64()}
	if slices.Contains(opt.Subscribed, typ) {
		s.sub = subscription{enabled: true, ever: true, since: opt.Start.Add(-day)}
	}
	step := opt.Back / time.Duration(opt.Blobs+1)
	for i := range opt.Blobs {
		at := opt.Start.Add(-opt.Back + step*time.Duration(i-i%opt.SameTime+1))
		b := s.add(at.Add(s.jitter(i-i%opt.SameTime, min(step, time.Second))), opt.Records)
		if i >= opt.Blobs-opt.Large {
			b.size = opt.LargeSize
		}
	}
	return s
}

// jitter spreads times below limit.
func (s *series) jitter(number int, limit time.Duration) time.Duration {
	if limit < time.Millisecond {
		return 0
	}
	return time.Duration(s.random(number, 1).Int64N(int64(limit)))
}

// random returns the random numbers of one purpose for one blob.
func (s *series) random(number, purpose int) *rand.Rand {
	return rand.New(rand.NewPCG(s.key, uint64(number)<<8|uint64(purpose)))
}

// add makes the next blob. Made while the subscription is stopped it is never
// listed: that content cannot be got back.
func (s *series) add(created time.Time, records int) *blob {
	n := len(s.blobs)
	unit := time.Millisecond
	if s.opt.WholeTimes {
		unit = time.Second
	}
	b := &blob{
		series:  s,
		number:  n,
		count:   records,
		earlier: s.blobs[:n:n],
		created: created.Truncate(unit),
	}
	b.listed = b.created
	if s.random(n, 2).Float64()*100 < s.opt.Late {
		b.listed = later(b.created, s.opt.Start).Add(s.opt.LateBy)
	}
	b.expires = b.listed.Add(s.opt.Life)
	b.id = s.contentID(b)
	s.blobs = append(s.blobs, b)
	if !s.sub.ever || s.sub.enabled {
		i, _ := slices.BinarySearchFunc(s.listed, b, byListing)
		s.listed = slices.Insert(s.listed, i, b)
		s.tenant.blobs[b.id] = b
	}
	return b
}

func byListing(a, b *blob) int {
	return cmp.Or(a.listed.Compare(b.listed), cmp.Compare(a.number, b.number))
}

// contentID has the form of the ids seen in the field:
// 20200702020621634014687$20200702020621634014687$audit_exchange$Audit_Exchange$emea0036.
func (s *series) contentID(b *blob) string {
	stamp := strings.ReplaceAll(b.created.Format("20060102150405.000"), ".", "") + fmt.Sprintf("%06d", b.number)
	name := strings.ReplaceAll(s.typ, ".", "_")
	return stamp + "$" + stamp + "$" + strings.ToLower(name) + "$" + name + "$emea0036"
}

// advance makes the blobs that live production is to have made by now. The caller holds c.mu.
func (c *Service) advance() {
	if !c.live {
		return
	}
	ticks := int(c.Now().Sub(c.opt.Start) / c.opt.Live)
	for _, s := range c.series {
		for ; s.ticks < ticks; s.ticks++ {
			at := c.opt.Start.Add(time.Duration(s.ticks+1) * c.opt.Live)
			for i := range c.opt.LiveBlobs {
				shift := time.Duration(c.opt.LiveBlobs-1-i) * time.Millisecond
				if c.opt.SameTime > 1 {
					shift = 0
				}
				s.add(at.Add(-shift), c.opt.Records)
			}
		}
	}
}

// Produce makes so many blobs of so many records each for a content type of a
// tenant, as of now. An empty tenant or content type stands for all of them.
func (c *Service) Produce(tenant, contentType string, blobs, records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	for _, s := range c.series {
		if (tenant == "" || strings.EqualFold(tenant, s.tenant.id)) && (contentType == "" || strings.EqualFold(contentType, s.typ)) {
			for range blobs {
				s.add(c.Now(), records)
			}
		}
	}
}

// StopLive ends live production: from now on nothing new appears by itself.
func (c *Service) StopLive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	c.live = false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
