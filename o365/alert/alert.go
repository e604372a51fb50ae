// Package alert sends mail when a content type has been failing for a while,
// once a day while that lasts, and on recovery; and when content is lost for good, or
// came after all.
//
// Which mail is due is decided by pure functions over the states that package
// health keeps and the mail sent before (decide.go), and over gaps (gaps.go). Its text
// is in text.go, SMTP in mailer.go, the option smtp_url in server.go. One loop (this
// file) carries it out. The loop has a timer of its own, so that it depends neither on
// the host nor on the collecting that it reports on. What was sent is kept in memory
// only.
package alert

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Config has the recipients, the mail server and the delay.
type Config struct {
	To           []string // addresses as [net/mail.ParseAddress] takes them
	From         string   // one such address
	Server       Server
	PasswordFile string        // instead of Server.Password
	After        time.Duration // how long a content type must fail before the first mail
	Instance     string        // name of the input; may be empty
	Retention    time.Duration // how long Microsoft keeps content, at least
	TLS          *tls.Config   // root certificates and versions; nil for the defaults
	// Secrets redacts what the server answers. The password of PasswordFile is
	// added to it. Nil means a redactor of its own.
	Secrets *sanitize.Redactor
}

// Alerts sends mail about states, and about gaps.
type Alerts struct {
	after        time.Duration
	instance     instance
	snapshot     func() []health.Status
	send         func(context.Context, []message) []error
	log          logging.Logger
	observations observations

	recipients []*recipient
	mu         sync.Mutex // of the gaps of the recipients
}

// A recipient gets mail of its own, so that an address that the server refuses
// does not affect the others.
type recipient struct {
	address    string
	notified   notified
	gaps       []noted   // no mail about them was sent
	gapsMailed time.Time // when the last one was
	failures   int       // failed attempts since the last mail that was sent
	retryAt    time.Time // no attempt before
	lastReason string    // why the last attempt failed, as logged
}

const (
	// checkInterval is the time between two checks of the states, unless Config.After
	// is shorter.
	checkInterval = 30 * time.Second
	// firstBackoff is the time until a mail that could not be sent is retried. It
	// doubles with each failure, up to maxBackoff.
	firstBackoff, maxBackoff = time.Minute, time.Hour
)

// New returns the Alerts for a configuration. snapshot returns the present states;
// it is called by Run only. New does not use the network. Its error names the
// option that is wrong.
func New(c Config, snapshot func() []health.Status, log logging.Logger) (*Alerts, error) {
	m, err := newMailer(c)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("name of this machine: %w", err)
	}
	a := &Alerts{
		after:    c.After,
		instance: instance{name: c.Instance, host: host, retention: c.Retention},
		snapshot: snapshot,
		send:     m.send,
		log:      log,
	}
	for _, address := range c.To {
		a.recipients = append(a.recipients, &recipient{address: address})
	}
	return a, nil
}

// Run sends mail until ctx is done. It then returns at once, without finishing a
// mail that is being sent.
func (a *Alerts) Run(ctx context.Context) {
	tick := time.NewTicker(min(checkInterval, max(a.after, time.Second)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			a.check(ctx, time.Now())
		}
	}
}

// check sends the mail that is due. After a failure, a recipient gets a mail about
// the states at the time of the retry.
func (a *Alerts) check(ctx context.Context, now time.Time) {
	states := a.snapshot()
	a.observations = observe(now, states, a.observations)
	var messages []message
	var to []*recipient
	var next []notified
	var gaps []int // so many of each recipient's are in its mail
	for _, r := range a.recipients {
		if now.Before(r.retryAt) {
			continue
		}
		report, after := decide(now, a.after, states, a.observations, r.notified)
		lost := a.gapsDue(r, now)
		report.gaps = newsOf(lost)
		if report.empty() {
			a.dropGaps(r, len(lost))
			continue
		}
		messages = append(messages, message{to: r.address, subject: report.subject(a.instance), body: report.body(a.instance)})
		to, next = append(to, r), append(next, after)
		gaps = append(gaps, len(lost))
	}
	if len(messages) == 0 {
		return
	}
	refused := map[string][]string{} // addresses by reason
	for i, err := range a.send(ctx, messages) {
		r := to[i]
		if err == nil {
			a.log.Infof("mail sent to %s: %s", r.address, messages[i].subject)
			a.dropGaps(r, gaps[i])
			if gaps[i] > 0 {
				r.gapsMailed = now
			}
			r.notified, r.failures, r.retryAt, r.lastReason = next[i], 0, time.Time{}, ""
			continue
		}
		r.retryAt = now.Add(min(firstBackoff<<min(r.failures, 10), maxBackoff))
		r.failures++
		// Numbers differ at each attempt: ports, queue ids, waiting times.
		if reason := withoutNumbers(err.Error()); reason != r.lastReason {
			r.lastReason = reason
			refused[err.Error()] = append(refused[err.Error()], r.address)
		}
	}
	if ctx.Err() != nil {
		return
	}
	for reason, addresses := range refused {
		a.log.Warnf("mail to %s cannot be sent, it is retried with back-off, at least every hour: %s",
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
