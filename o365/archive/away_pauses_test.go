package archive

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// awayStep is what is done with an away after a while, and what comes of it.
type awayStep struct {
	after time.Duration
	do    string // a method; "other" is failed with another error
	is    bool   // what it returns: ok, or news
	pause time.Duration
}

// One content at a time is tried after each pause; pauses double while what was tried
// fails, and begin anew after a success.
func TestPausesWhileStorageIsAway(t *testing.T) {
	const first, s = storage.FirstPause, time.Second
	full, gone := errors.New("the disk is full"), errors.New("no answer")
	for name, steps := range map[string][]awayStep{
		"it works":                     {{0, "try", true, 0}, {0, "try", true, 0}, {0, "worked", true, 0}, {0, "worked", false, 0}},
		"it fails at once":             {{0, "failed", true, first}, {0, "failed", false, first}, {0, "worked", true, 0}},
		"no try before the pause ends": {{0, "failed", true, first}, {0, "try", false, first}, {first - s, "try", false, first}, {s, "try", true, 0}},
		"one try at a time":            {{0, "failed", true, first}, {first, "try", true, 0}, {0, "try", false, first}, {time.Hour, "try", false, first}},
		"a try that came to nothing":   {{0, "failed", true, first}, {first, "try", true, 0}, {0, "unused", false, 0}, {0, "try", true, 0}},
		"pauses double":                {{0, "failed", true, first}, {first, "try", true, 0}, {0, "failed", false, 2 * first}, {2 * first, "try", true, 0}, {0, "failed", false, 4 * first}},
		"failures of what was under way": {{0, "failed", true, first}, {first, "try", true, 0}, {0, "failed", false, 2 * first},
			{s, "failed", false, 2*first - s}, {2*first - 2*s, "failed", false, first}, {s, "try", true, 0}},
		"another error is news":       {{0, "failed", true, first}, {0, "other", true, first}, {0, "other", false, first}, {0, "failed", true, first}},
		"pauses begin anew":           {{0, "failed", true, first}, {first, "try", true, 0}, {0, "failed", false, 2 * first}, {2 * first, "try", true, 0}, {0, "worked", true, 0}, {s, "failed", true, first}, {first, "try", true, 0}},
		"a failure after a long time": {{0, "failed", true, first}, {time.Hour, "try", true, 0}, {0, "failed", false, 2 * first}, {0, "try", false, 2 * first}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var a away
				for n, step := range steps {
					time.Sleep(step.after)
					var is bool
					var pause time.Duration
					switch step.do {
					case "try":
						is, pause, _ = a.try()
					case "failed":
						is, pause = a.failed(full)
					case "other":
						is, pause = a.failed(gone)
					case "worked":
						is = a.worked()
					case "unused":
						a.unused()
					}
					if is != step.is || pause != step.pause {
						t.Fatalf("step %d, %s: %v, %v; want %v, %v", n, step.do, is, pause, step.is, step.pause)
					}
				}
			})
		})
	}
}

// However long it lasts, it is tried every two minutes.
func TestLongestPauseWhileStorageIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var a away
		_, pause := a.failed(errSlow)
		for range 20 {
			time.Sleep(pause)
			if ok, _, _ := a.try(); !ok {
				t.Fatalf("it is not tried after %v", pause)
			}
			_, pause = a.failed(errSlow)
		}
		if pause != storage.LongestPause {
			t.Errorf("the pause is %v", pause)
		}
	})
}
