package collector

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// Whatever dates answers have, everything is delivered in time, nothing is
// claimed of the future, and nothing is reported lost.
func TestWrongDates(t *testing.T) {
	const day = 24 * time.Hour
	year := func(y int) func(time.Time) time.Time {
		return func(time.Time) time.Time { return time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC) }
	}
	off := func(by time.Duration) func(time.Time) time.Time {
		return func(now time.Time) time.Time { return now.Add(by) }
	}
	// once gives the n-th answer a wrong date, from all answers from then on, every
	// each n-th.
	once := func(n int, wrong func(time.Time) time.Time) func(int) func(time.Time) time.Time {
		return func(i int) func(time.Time) time.Time {
			if i == n {
				return wrong
			}
			return off(0)
		}
	}
	from := func(n int, wrong func(time.Time) time.Time) func(int) func(time.Time) time.Time {
		return func(i int) func(time.Time) time.Time {
			if i >= n {
				return wrong
			}
			return off(0)
		}
	}
	every := func(n int, wrong func(time.Time) time.Time) func(int) func(time.Time) time.Time {
		return func(i int) func(time.Time) time.Time {
			if i%n == 0 {
				return wrong
			}
			return off(0)
		}
	}
	type history func(answer int) func(time.Time) time.Time
	histories := map[string]history{}
	for name, wrong := range map[string]func(time.Time) time.Time{
		"1970": year(1970), "9999": year(9999), "9 days ago": off(-9 * day), "2 days ago": off(-2 * day),
		"in 3 days": off(3 * day), "in 9 days": off(9 * day), "an hour and a half ago": off(-90 * time.Minute),
	} {
		histories[name+" at first"] = once(0, wrong)
		histories[name+" later"] = once(9, wrong)
		histories[name+" now and then"] = every(3, wrong)
		histories[name+" in every other"] = every(2, wrong)
		histories[name+" always"] = from(0, wrong)
		histories[name+" from later on"] = from(20, wrong)
	}
	for name, h := range histories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, b, l := newService(t), newLedgerModel(), new(logLines)
				answer := -1
				s.answerDate = func(now time.Time) time.Time {
					answer++
					return h(answer)(now)
				}
				for n := range 100 {
					s.add(activity.Exchange, time.Now().Add(-time.Duration(n)*time.Hour-time.Second), 0)
				}
				stop := collect(s, b, l, nil)
				time.Sleep(10 * time.Minute)
				var latest []string
				for range 120 {
					time.Sleep(time.Minute)
					latest = append(latest, s.add(activity.Exchange, time.Now().Add(-time.Millisecond), 0))
				}
				time.Sleep(3 * time.Minute)
				s.mu.Lock()
				s.answerDate = nil
				s.mu.Unlock()
				for _, id := range latest {
					if at := b.deliveredAt(id); at.IsZero() || at.Sub(s.created(id)) > 2*time.Minute+10*time.Second {
						t.Fatalf("item of %v was delivered at %v", s.created(id), at)
					}
				}
				time.Sleep(2*time.Minute + 10*time.Second) // two polls
				for _, typ := range []string{activity.Exchange, activity.SharePoint} {
					spans := b.Completed(source.Stream{Tenant: tenant, ContentType: string(typ)})
					if len(spans) == 0 {
						t.Fatal("nothing is complete")
					}
					if end := time.Until(spans[len(spans)-1].To); end > 0 || end < -90*time.Second {
						t.Errorf("%s is complete to %v from now: %v", typ, end, spans)
					}
				}
				time.Sleep(7 * time.Hour) // the last seven days are listed once more
				stop()
				b.check(t, s)
				if n := len(l.all()); n > 16 {
					t.Errorf("%d lines: %q", n, l.all())
				}
			})
		})
	}
}

// The lookback of the first run is by the service's time, whatever this machine's
// clock shows, and no item is missed because of a wrong clock.
func TestLookbackIsByTheServicesClock(t *testing.T) {
	const day = 24 * time.Hour
	for _, lookback := range []time.Duration{0, 2 * time.Hour, retention} {
		for _, skew := range []time.Duration{15 * time.Minute, 3 * time.Hour, 26 * time.Hour, 8 * day} {
			for _, skew := range []time.Duration{-skew, skew} {
				for _, subscribe := range []bool{true, false} {
					t.Run(fmt.Sprint(lookback, " ", skew, " ", subscribe), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							s, b := newService(t), newLedgerModel()
							s.subscribed[activity.Exchange] = true
							s.skew = skew
							var wanted []string
							for age := time.Minute; age < retention-time.Hour; age += 2 * time.Hour {
								if id := s.add(activity.Exchange, s.now().Add(-age), 0); age < lookback {
									wanted = append(wanted, id)
								}
							}
							stop := collect(s, b, new(logLines), func(c *Config) {
								c.ContentTypes = contentTypes(activity.Exchange)
								c.Lookback, c.Subscribe = lookback, subscribe
							})
							time.Sleep(2 * time.Minute)
							for range 60 {
								time.Sleep(time.Minute)
								wanted = append(wanted, s.add(activity.Exchange, s.now().Add(-time.Millisecond), 0))
							}
							time.Sleep(10 * time.Minute)
							stop()
							missing := 0
							for _, id := range wanted {
								if b.deliveredAt(id).IsZero() {
									missing++
								}
							}
							if missing > 0 || len(b.gaps) > 0 || len(b.deliveredTwice) > 0 {
								t.Errorf("%d of %d items are missing, gaps: %v", missing, len(wanted), b.gaps)
							}
							spans := b.Completed(source.Stream{Tenant: tenant, ContentType: activity.Exchange})
							if n := len(spans); n == 0 || s.now().Sub(spans[n-1].To) > 90*time.Second || spans[n-1].To.After(s.now()) {
								t.Errorf("complete: %v, the service's time is %v", spans, s.now())
							}
						})
					})
				}
			}
		}
	}
}

// Before the service's time is known nothing is complete, however long it took to
// get the first answer.
func TestFirstAnswerComesLate(t *testing.T) {
	for _, skew := range []time.Duration{0, -208 * time.Minute, -9 * 24 * time.Hour, 208 * time.Minute} {
		for _, late := range []time.Duration{0, time.Minute, 17 * time.Hour, 40 * time.Hour} {
			b := newLedgerModel()
			s := newState(Config{
				Tenant: tenant, ContentTypes: contentTypes(activity.Exchange, activity.DLP),
				PollInterval: time.Minute, Concurrency: 8, Lookback: 2 * time.Hour,
			}, new(activity.Client), b, b, newMonitorModel(), new(logLines).log, func() float64 { return 0 })
			now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
			s.beginStreams(now)
			for now = now.Add(late); ; {
				task, wake := s.next(now)
				if task == nil && wake.Sub(now) > 10*time.Second {
					break
				}
				if now = now.Add(time.Second); task != nil {
					s.taskStarted(task)
					s.taskFinished(result{task: *task, page: source.Page{Date: now.Add(skew)}}, now)
				}
			}
			for _, st := range s.streams {
				spans := b.Completed(st.id)
				if n := len(spans); n == 0 || spans[n-1].To.After(now.Add(skew)) || now.Add(skew).Sub(spans[n-1].To) > 30*time.Second {
					t.Errorf("%v late, %v off: complete is %v at %v", late, skew, spans, now.Add(skew))
				}
			}
		}
	}
}

func TestClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{-3 * time.Hour, 10 * time.Minute, 3 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s, b, l := newService(t), newLedgerModel(), new(logLines)
			s.skew = skew
			for n := range 100 {
				s.add(activity.Exchange, s.now().Add(-time.Duration(n)*time.Hour-time.Second), 0)
			}
			stop := collect(s, b, l, nil)
			time.Sleep(7 * time.Hour)
			stop()
			b.check(t, s)
			if l.with("the clock of this machine") != 1 {
				t.Errorf("skew %s: the log has %q", skew, l.all())
			}
		})
	}
}
