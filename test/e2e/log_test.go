package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// caughtUp waits until the log has reported that of all these content types of
// so many tenants. A line or a part of one that names no type is about all of them.
// It gives up when nothing is logged and hardly any processor time is used any more.
func caughtUp(p *rig.Process, tenants int, types []string) error {
	tenant := regexp.MustCompile(`[0-9a-f]{8}-[-0-9a-f]{27}`)
	seconds := func() int {
		used, _ := p.CPU()
		return int(used / time.Second)
	}
	return rig.Await(fmt.Sprintf("all content types of %d tenants caught up, in the log", tenants), patience, func() bool {
		done := make(map[string]bool)
		for line := range strings.Lines(p.Log()) {
			about, _, ok := strings.Cut(line, "caught up")
			if !ok {
				continue
			}
			of := tenant.FindString(about)
			about = about[strings.LastIndex(about, ";")+1:]
			named := slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !strings.Contains(about, t) })
			if len(named) == 0 {
				named = types
			}
			for _, t := range named {
				done[of+t] = true
			}
		}
		return len(done) == tenants*len(types)
	}, func() int { return len(p.Log()) }, seconds)
}

// trouble is what no log may contain, whatever happens.
var trouble = regexp.MustCompile(`(?i).*(panic|SIG(SEGV|ABRT|BUS|FPE|ILL)|goroutine \d|stack|violation|internal error|a mistake in the plugin|log lines dropped).*`)

func checkLog(t *testing.T, p *rig.Process) {
	t.Helper()
	text := strings.ReplaceAll(p.Log(), "An internal error occurred", "") // the service's own words for AF50000
	if lines := trouble.FindAllString(text, 10); lines != nil {
		t.Errorf("in the log:\n%s", strings.Join(lines, "\n"))
	}
}
