package alert

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A world is a number of streams, named by one message, and a reader of mail.
type world struct {
	now      time.Time
	delay    time.Duration
	states   []health.Status
	seen     observations
	notified notified
}

func newWorld(streams string) *world {
	w := &world{now: noon, delay: 30 * time.Minute}
	for _, name := range strings.Split(streams, "") {
		w.states = append(w.states, health.Status{Stream: source.Stream{Tenant: "t", ContentType: name}, State: health.OK, Since: noon})
	}
	return w
}

// set changes the states of streams; a state begins when it differs from the last.
func (w *world) set(streams string, state health.State, causes ...string) {
	for i := range w.states {
		s := &w.states[i]
		if !strings.Contains(streams, s.ContentType) {
			continue
		}
		if s.State != state {
			s.State, s.Since = state, w.now
		}
		s.Causes = nil
		for _, c := range causes {
			what, transient := strings.CutSuffix(c, "~")
			s.Causes = append(s.Causes, health.Cause{What: what, Transient: transient})
		}
	}
}

// check is one check of the loop, with a mail that arrives.
func (w *world) check() report {
	w.seen = observe(w.now, w.states, w.seen)
	r, after := decide(w.now, w.delay, w.states, w.seen, w.notified)
	w.notified = after
	return r
}

// String is the content of a report: "cause:streams", with a ~ before a reminder,
// and "+streams" for those that work again.
func (r report) String() string {
	var parts []string
	for _, g := range r.problems {
		text := g.What + ":"
		if !r.isNew {
			text = "~" + text
		}
		for _, s := range g.streams {
			text += s.ContentType
		}
		parts = append(parts, text)
	}
	if len(r.recovered) > 0 {
		text := "+"
		for _, s := range r.recovered {
			text += s.ContentType
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " ")
}

func TestDecide(t *testing.T) {
	const failing, degraded, ok = health.Failing, health.Degraded, health.OK
	type step struct {
		at      time.Duration
		streams string
		state   health.State
		causes  string // comma-separated; with ~ at the end if it passes by itself
	}
	h, m := time.Hour, time.Minute
	for name, tt := range map[string]struct {
		steps []step
		until time.Duration
		want  string
	}{
		"nothing is wrong":              {nil, 48 * h, ""},
		"short":                         {[]step{{0, "a", failing, "x"}, {29 * m, "a", ok, ""}}, 3 * h, ""},
		"long":                          {[]step{{0, "a", failing, "x"}, {2 * h, "a", ok, ""}}, 48 * h, "30m x:a, 2h5m +a"},
		"one cause, one mail":           {[]step{{0, "abc", failing, "x"}, {2 * h, "abc", ok, ""}}, 5 * h, "30m x:abc, 2h5m +abc"},
		"younger ones are reported too": {[]step{{0, "a", failing, "x"}, {20 * m, "b", failing, "x"}, {1 * h, "ab", ok, ""}}, 5 * h, "30m x:ab, 1h5m +ab"},
		"two causes at once":            {[]step{{0, "a", failing, "x"}, {0, "bc", failing, "y"}}, 5 * h, "30m y:bc x:a"},
		"two causes of one":             {[]step{{0, "a", failing, "x,y"}}, 25 * h, "30m x:a y:a, 24h30m ~x:a ~y:a"},
		"reminders":                     {[]step{{0, "a", failing, "x"}, {50 * h, "a", ok, ""}}, 60 * h, "30m x:a, 24h30m ~x:a, 48h30m ~x:a, 50h5m +a"},
		"another joins late":            {[]step{{0, "a", failing, "x"}, {40 * m, "b", failing, "x"}}, 24 * h, "30m x:a, 1h30m x:ab"},
		"another cause joins":           {[]step{{0, "a", failing, "x"}, {5 * m, "b", failing, "y"}}, 5 * h, "30m x:a, 35m y:b"},
		"new cause that stays":          {[]step{{0, "a", failing, "x"}, {2 * h, "a", failing, "y"}, {4 * h, "a", ok, ""}}, 5 * h, "30m x:a, 2h30m y:a, 4h5m +a"},
		"new cause for a moment":        {[]step{{0, "a", failing, "x"}, {2 * h, "a", failing, "y"}, {2*h + 9*m, "a", failing, "x"}}, 20 * h, "30m x:a"},
		"alternating from the start":    {[]step{{0, "a", failing, "x"}, {10 * m, "a", failing, "y"}, {20 * m, "a", failing, "x"}, {30 * m, "a", failing, "y"}}, 50 * m, "30m y:a"},
		"works for a moment":            {[]step{{0, "a", failing, "x"}, {2 * h, "a", ok, ""}, {2*h + 4*m, "a", failing, "x"}}, 24 * h, "30m x:a"},
		"fails again":                   {[]step{{0, "a", failing, "x"}, {40 * m, "a", ok, ""}, {50 * m, "a", failing, "x"}, {2 * h, "a", ok, ""}}, 5 * h, "30m x:a, 45m +a, 1h20m x:a, 2h5m +a"},
		"recover one by one":            {[]step{{0, "abc", failing, "x"}, {60 * m, "a", ok, ""}, {70 * m, "b", ok, ""}, {80 * m, "c", ok, ""}}, 9 * h, "30m x:abc, 1h25m +abc"},
		"one does not recover":          {[]step{{0, "ab", failing, "x"}, {60 * m, "a", ok, ""}}, 9 * h, "30m x:ab, 2h +a"},
		"other causes do not wait":      {[]step{{0, "a", failing, "x"}, {0, "b", failing, "y"}, {60 * m, "a", ok, ""}}, 9 * h, "30m x:a y:b, 1h5m +a"},
		"passes by itself":              {[]step{{0, "a", degraded, "x~"}}, 48 * h, ""},
		"does not pass by itself":       {[]step{{0, "a", degraded, "x,y~"}, {2 * h, "a", degraded, "y~"}}, 9 * h, "30m x:a, 2h5m +a"},
		"failing by what passes":        {[]step{{0, "a", failing, "x~"}}, 9 * h, "30m x:a"},
		"from failing to degraded":      {[]step{{0, "a", failing, "x"}, {2 * h, "a", degraded, "y~"}}, 9 * h, "30m x:a, 2h5m +a"},
		"degraded by something else":    {[]step{{0, "a", degraded, "x~"}, {2 * h, "a", degraded, "y"}, {4 * h, "a", degraded, "x~"}}, 9 * h, "2h30m y:a, 4h5m +a"},
		"failing and degraded in turn":  {[]step{{0, "a", failing, "x"}, {20 * m, "a", degraded, "x"}}, 9 * h, "30m x:a"},
		"no cause is given":             {[]step{{0, "a", failing, ""}}, 9 * h, "30m the cause is not known:a"},
		"starting again":                {[]step{{0, "a", failing, "x"}, {2 * h, "a", health.Starting, ""}}, 9 * h, "30m x:a"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld("abc")
			var got []string
			for w.now = noon; w.now.Sub(noon) <= tt.until; w.now = w.now.Add(time.Minute) {
				for _, s := range tt.steps {
					if noon.Add(s.at).Equal(w.now) {
						w.set(s.streams, s.state, strings.FieldsFunc(s.causes, func(r rune) bool { return r == ',' })...)
					}
				}
				if r := w.check(); !r.empty() {
					got = append(got, brief(w.now.Sub(noon))+" "+r.String())
				}
			}
			if text := strings.Join(got, ", "); text != tt.want {
				t.Errorf("got  %s\nwant %s", text, tt.want)
			}
		})
	}
}

// brief writes 2h5m0s as 2h5m.
func brief(d time.Duration) string {
	return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(d.String())
}

// A mail that does not arrive leaves no trace: the next one has the same content.
func TestWhatDoesNotArriveIsNotTold(t *testing.T) {
	w := newWorld("a")
	w.set("a", health.Failing, "x")
	w.now = w.now.Add(time.Hour)
	w.seen = observe(w.now, w.states, w.seen)
	before := notified{}
	for range 2 {
		if r, _ := decide(w.now, w.delay, w.states, w.seen, before); r.String() != "x:a" || len(before) != 0 {
			t.Fatalf("reported %q, notified of %v", r, before)
		}
	}
	// It works again before any mail: nothing is reported.
	w.set("a", health.OK)
	w.now = w.now.Add(time.Hour)
	if r, _ := decide(w.now, w.delay, w.states, w.seen, before); !r.empty() {
		t.Errorf("reported %q", r)
	}
}

// What worked for a moment is in problem since before.
func TestTroubleBeganBefore(t *testing.T) {
	w := newWorld("a")
	w.set("a", health.Failing, "x")
	var last report
	for range 25 * 60 {
		w.now = w.now.Add(time.Minute)
		switch w.now.Sub(noon) {
		case 2 * time.Hour:
			w.set("a", health.OK)
		case 2*time.Hour + 2*time.Minute:
			w.set("a", health.Failing, "x")
		}
		if r := w.check(); !r.empty() {
			last = r
		}
	}
	if last.isNew || !last.problems[0].streams[0].began.Equal(noon) {
		t.Errorf("the reminder is %q since %s", last, last.problems[0].streams[0].began)
	}
}

// TestModel lets streams fail and recover at random and checks what is reported
// against what each stream went through.
func TestModel(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { model(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func model(t *testing.T, random *rand.Rand) {
	w := newWorld("abcd")
	w.delay = time.Duration(random.IntN(60)) * time.Minute
	states := []health.State{health.OK, health.OK, health.Failing, health.Failing, health.Degraded}
	changes := 1 + random.IntN(200) // a change of a stream comes every so many minutes
	type life struct {
		bad, good time.Time // since when it has been so without a break; zero if it is not
		mentioned time.Time // in a mail about a problem, without a recovery since
		causes    map[string]time.Time
	}
	lives := map[source.Stream]*life{}
	for _, s := range w.states {
		lives[s.Stream] = &life{good: noon, causes: map[string]time.Time{}}
	}
	mails := 0
	for range 4000 {
		w.now = w.now.Add(time.Minute)
		for _, s := range w.states {
			if random.IntN(changes) == 0 {
				w.set(s.ContentType, states[random.IntN(len(states))], []string{"x", "y", "z~"}[random.IntN(3)])
			}
		}
		for _, s := range w.states {
			l := lives[s.Stream]
			switch bad := s.State == health.Failing || s.State == health.Degraded && !s.Causes[0].Transient; {
			case bad && l.bad.IsZero():
				l.bad, l.good = w.now, time.Time{}
			case !bad && l.good.IsZero():
				l.bad, l.good = time.Time{}, w.now
			}
		}
		r := w.check()
		if !r.empty() {
			mails++
		}
		old := false // somebody of the mail has waited long enough
		for _, g := range r.problems {
			// Who has waited for an hour more, or for a day, waits for nobody.
			urgent := slices.ContainsFunc(g.streams, func(s affected) bool {
				l := lives[s.Stream]
				return l.mentioned.IsZero() && w.now.Sub(l.bad) >= w.delay+groupingInterval || !l.mentioned.IsZero() && w.now.Sub(l.mentioned) >= reminderInterval
			})
			for _, s := range g.streams {
				l := lives[s.Stream]
				if l.bad.IsZero() {
					t.Fatalf("%s: %s works, reported %q", w.now, s.ContentType, r)
				}
				old = old || w.now.Sub(l.bad) >= w.delay || !l.mentioned.IsZero()
				if last := l.causes[g.What]; !urgent && !last.IsZero() && w.now.Sub(last) < groupingInterval {
					t.Fatalf("%s: %s is reported again after %s: %q", w.now, s.ContentType, w.now.Sub(last), r)
				}
				l.causes[g.What], l.mentioned = w.now, w.now
			}
		}
		if len(r.problems) > 0 && !old {
			t.Fatalf("%s: nobody has waited long enough: %q", w.now, r)
		}
		for _, s := range r.recovered {
			l := lives[s.Stream]
			if l.mentioned.IsZero() || l.good.IsZero() || w.now.Sub(l.good) < min(recoveryDelay, w.delay) {
				t.Fatalf("%s: %s has not recovered: %q", w.now, s.ContentType, r)
			}
			*l = life{good: l.good, causes: map[string]time.Time{}}
		}
		for _, s := range w.states {
			l := lives[s.Stream]
			if !l.bad.IsZero() && l.mentioned.IsZero() && w.now.Sub(l.bad) > w.delay+groupingInterval {
				t.Fatalf("%s: %s fails since %s and it was not reported", w.now, s.ContentType, l.bad)
			}
			if !l.bad.IsZero() && !l.mentioned.IsZero() && w.now.Sub(w.notified[s.Stream].last) > reminderInterval+groupingInterval && w.now.Sub(l.bad) > reminderInterval+groupingInterval {
				t.Fatalf("%s: %s fails and the last mail is from %s", w.now, s.ContentType, l.mentioned)
			}
			if !l.good.IsZero() && !l.mentioned.IsZero() && w.now.Sub(l.good) > recoveryDelay+groupingInterval {
				t.Fatalf("%s: %s works since %s and it was not reported", w.now, s.ContentType, l.good)
			}
		}
	}
	if changes < 60 && mails == 0 && w.delay < 10*time.Minute {
		t.Error("not a single mail: the test sees nothing")
	}
}
