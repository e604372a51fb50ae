// Package alert sends mail when a content type has been failing for a while,
// once a day while that lasts, and when it is over.
//
// What to tell is decided by pure functions over the states that package
// health keeps and what was told before (decide.go); text.go words it; one loop
// (alert.go) carries it out over SMTP (post.go). The loop has a timer of its
// own: it depends neither on the host nor on the collecting it watches. What
// was told is kept in memory only.
package alert

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Config says who is told, how, and how soon.
type Config struct {
	To           []string // addresses as [net/mail.ParseAddress] takes them
	From         string
	Server       Server
	PasswordFile string // instead of a password of the server
	After        time.Duration
	Instance     string      // the input's name; may be empty
	TLS          *tls.Config // root certificates and versions; nil for the defaults
	// Secrets cleans what the server says, and is given the password of a file.
	Secrets *sanitize.Redactor
}

// Alerts watches states and sends mail about them.
type Alerts struct {
	after      time.Duration
	place      place
	snapshot   func() []health.Status
	post       func(context.Context, []letter) []error
	log        logging.Logger
	seen       sightings
	recipients []*recipient
}

// A recipient gets mails of his own, so that an address that the server
// refuses keeps nothing from the others.
type recipient struct {
	address string
	told    told
	failed  int       // attempts since the last that worked
	again   time.Time // not before
	said    string    // why it failed, in the log
}

const (
	// every is how often the states are looked at, unless after is shorter.
	every = 30 * time.Second
	// The first and the longest pause after a mail that could not be sent.
	firstPause, longestPause = time.Minute, time.Hour
)

// New returns what [Alerts.Run] runs. It does not use the network. Its error
// names the option that is wrong.
func New(c Config, snapshot func() []health.Status, log logging.Logger) (*Alerts, error) {
	p, err := newPostOffice(c)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this machine: %w", err)
	}
	a := &Alerts{
		after:    c.After,
		place:    place{instance: c.Instance, host: host},
		snapshot: snapshot,
		post:     p.send,
		log:      log,
	}
	for _, address := range c.To {
		a.recipients = append(a.recipients, &recipient{address: address})
	}
	return a, nil
}

// Run watches until ctx is done; a mail under way is then given up.
func (a *Alerts) Run(ctx context.Context) {
	tick := time.NewTicker(min(every, max(a.after, time.Second)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.look(ctx, time.Now())
		}
	}
}

// look sends what is to be told now. Whoever it can't be sent to is told later
// what is so then.
func (a *Alerts) look(ctx context.Context, now time.Time) {
	states := a.snapshot()
	a.seen = observe(now, states, a.seen)
	var letters []letter
	var to []*recipient
	var next []told
	for _, r := range a.recipients {
		if now.Before(r.again) {
			continue
		}
		report, after := decide(now, a.after, states, a.seen, r.told)
		if report.empty() {
			continue
		}
		letters = append(letters, letter{to: r.address, subject: report.subject(a.place), body: report.body(a.place)})
		to, next = append(to, r), append(next, after)
	}
	if len(letters) == 0 {
		return
	}
	refused := map[string][]string{} // addresses by reason
	for i, err := range a.post(ctx, letters) {
		r := to[i]
		if err == nil {
			a.log.Infof("mail sent to %s: %s", r.address, letters[i].subject)
			*r = recipient{address: r.address, told: next[i]}
			continue
		}
		r.again = now.Add(min(firstPause<<min(r.failed, 10), longestPause))
		r.failed++
		// Numbers change with every attempt: ports, queue ids, waiting times.
		if reason := withoutNumbers(err.Error()); reason != r.said {
			r.said = reason
			refused[err.Error()] = append(refused[err.Error()], r.address)
		}
	}
	if ctx.Err() != nil {
		return
	}
	for reason, addresses := range refused {
		a.log.Warnf("mail to %s can't be sent, it is tried again ever less often, at least every hour: %s",
			strings.Join(addresses, ", "), reason)
	}
}

func withoutNumbers(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}
