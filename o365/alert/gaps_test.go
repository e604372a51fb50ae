package alert

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// gap is an event about minutes after noon.
func gap(kind health.Kind, contentType string, from, to int, reason string) health.Event {
	at := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	return health.Event{Kind: kind, Tenant: tenant, ContentType: contentType, From: at(from), To: at(to), Reason: reason}
}

func lost(contentType string, from, to int) health.Event {
	return gap(health.Gap, contentType, from, to, "off")
}

func back(contentType string, from, to int) health.Event {
	return gap(health.Recovery, contentType, from, to, "off")
}

// String is what is lost and what was recovered, in minutes after noon.
func (n gapNews) String() string {
	var parts []string
	for sign, all := range map[string]map[source.Stream]*gaps{"-": n.lost, "+": n.recovered} {
		for _, g := range all {
			for _, s := range g.spans {
				parts = append(parts, fmt.Sprintf("%s%v-%v", sign, s.From.Sub(noon).Minutes(), s.To.Sub(noon).Minutes()))
			}
		}
	}
	return strings.Join(parts, " ")
}

func TestNewsOfGaps(t *testing.T) {
	for _, tt := range []struct {
		events []health.Event
		want   string
	}{
		{nil, ""},
		{[]health.Event{lost("a", 0, 60)}, "-0-60"},
		{[]health.Event{lost("a", 0, 60), lost("a", 60, 90), lost("a", 70, 80)}, "-0-90"},
		{[]health.Event{lost("a", 0, 60), lost("a", 70, 90)}, "-0-60 -70-90"},
		{[]health.Event{lost("a", 0, 60), back("a", 0, 60)}, ""},
		{[]health.Event{lost("a", 0, 60), back("a", 20, 30)}, "-0-20 -30-60"},
		{[]health.Event{lost("a", 20, 30), back("a", 10, 40)}, "+10-20 +30-40"},
		{[]health.Event{back("a", 0, 60)}, "+0-60"},
		{[]health.Event{lost("a", 0, 60), back("b", 0, 60), back("a", 0, 60)}, "+0-60"},
	} {
		var all []noted
		for _, e := range tt.events {
			all = append(all, noted{Event: e})
		}
		if got := newsOf(all).String(); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.events, got, tt.want)
		}
	}
}

// Whatever is lost and comes back, what is said adds up to it.
func TestNewsOfGapsAddUp(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var all []noted
		var isLost [100]bool
		for range random.IntN(20) {
			from := random.IntN(90)
			to := from + 1 + random.IntN(10)
			e, isGap := lost("a", from, to), random.IntN(2) == 0
			if !isGap { // only what is lost comes back
				for to = from; to < len(isLost) && isLost[to]; to++ {
				}
				if e = back("a", from, to); to == from {
					continue
				}
			}
			for m := from; m < to; m++ {
				isLost[m] = isGap
			}
			all = append(all, noted{Event: e})
		}
		n := newsOf(all)
		var said [100]bool
		for _, g := range n.lost {
			for _, s := range g.spans {
				for m := range said {
					said[m] = said[m] || !noon.Add(time.Duration(m)*time.Minute).Before(s.From) && noon.Add(time.Duration(m)*time.Minute).Before(s.To)
				}
			}
		}
		if said != isLost || len(n.recovered) > 0 {
			t.Fatalf("%v gives %s", all, n)
		}
	}
}

// The gaps of an hour are one mail, each is in one, and so is what came after all.
func TestMailAboutGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y", "v@w")
		s.play(func() {
			s.alerts.Gap(lost("a", 0, 60))
			time.Sleep(2 * time.Minute)
			s.alerts.Gap(lost("b", 0, 60))
			time.Sleep(10 * time.Minute)
			for n := range 20 {
				s.alerts.Gap(lost("a", 100+2*n, 101+2*n))
				time.Sleep(time.Minute)
			}
			time.Sleep(3 * time.Hour)
			s.alerts.Gap(back("a", 0, 60))
			time.Sleep(3 * time.Hour)
			s.alerts.Gap(lost("a", 300, 310)) // and back before the mail
			time.Sleep(time.Minute)
			s.alerts.Gap(back("a", 300, 310))
			time.Sleep(3 * time.Hour)
		})
		s.check(t, "mails", s.mails,
			"5m30s x@y audit records are lost", "5m30s v@w audit records are lost",
			"1h5m30s x@y audit records are lost", "1h5m30s v@w audit records are lost",
			"3h37m30s x@y lost audit records were delivered after all", "3h37m30s v@w lost audit records were delivered after all")
	})
}

// A mail without gaps delays none about them.
func TestMailAboutGapsComesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		s.play(func() {
			s.set("a", health.Failing, "the secret has expired")
			time.Sleep(29 * time.Minute)
			s.alerts.Gap(lost("b", 0, 60)) // its mail is due after the one of the secret
			time.Sleep(3 * time.Hour)
		})
		s.check(t, "mails", s.mails, "30m30s x@y audit records not collected: the secret has expired", "34m30s x@y audit records are lost")
	})
}

// A mail about gaps that cannot be sent is retried, with what came meanwhile.
func TestMailAboutGapsIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene("x@y")
		var bodies []string
		down := true
		s.breaks(func(m message) error {
			if down {
				return errors.New("no route")
			}
			bodies = append(bodies, m.body)
			return nil
		})
		s.play(func() {
			s.alerts.Gap(lost("a", 0, 60))
			time.Sleep(5 * time.Hour)
			s.alerts.Gap(lost("b", 0, 60))
			s.set("a", health.Failing, "the secret has expired")
			time.Sleep(5 * time.Hour)
			s.mu.Lock()
			down = false
			s.mu.Unlock()
			time.Sleep(5 * time.Hour)
		})
		if len(bodies) != 1 || !strings.Contains(bodies[0], "the secret has expired") || strings.Count(bodies[0], "12:00:00 to 2026-11-22 13:00:00 UTC") != 2 {
			t.Errorf("mails: %q", bodies)
		}
	})
}

func TestTextAboutGaps(t *testing.T) {
	const never = "nothing was collected for longer than the service keeps content"
	var all []noted
	for _, e := range []health.Event{gap(health.Gap, "Audit.Exchange", 0, 60, never), gap(health.Gap, "Audit.SharePoint", 0, 60, never)} {
		all = append(all, noted{Event: e})
	}
	for n := range 14 {
		all = append(all, noted{Event: gap(health.Gap, "DLP.All", 10*n, 10*n+1, fmt.Sprintf("blob %d: download: HTTP 500", n))})
	}
	golden(t, "gaps", report{now: noon, gaps: newsOf(all)})
	golden(t, "gaps-over", report{now: noon, gaps: newsOf([]noted{{Event: gap(health.Recovery, "Audit.Exchange", 0, 60, never)}})})
}
