package handover

import (
	"fmt"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
)

func TestLogQueue(t *testing.T) {
	calls := 0
	q := NewLogQueue(logging.Info, func() { calls++ })
	h := newFakeHost()
	q.Log(logging.Debug, "not shown")
	q.Log(logging.Info, "one\nline\x00")
	if calls != 1 {
		t.Errorf("%d calls for a line to print", calls)
	}
	q.Flush(h)
	wantTags(t, "printed", h.log, "3 one line")

	h.log = nil
	for i := range maxQueuedLines + 3 {
		q.Log(logging.Error, fmt.Sprint(i))
	}
	q.Flush(h)
	if len(h.log) != maxQueuedLines+1 || h.log[0] != "2 3 log lines dropped" || h.log[1] != "1 3" {
		t.Errorf("%d lines, the first are %q", len(h.log), h.log[:2])
	}
	h.log = nil
	q.Log(logging.Info, "later")
	q.Flush(h)
	wantTags(t, "printed later", h.log, "3 later")
}
