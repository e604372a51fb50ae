package handover

import (
	"fmt"
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// queued is how many lines wait at most; the oldest go first.
const queued = 1000

// Queue holds log lines until the input's own thread prints them: on any other
// thread Fluent Bit writes to stderr, past its log_file (src/flb_log.c). It may
// be used by any goroutine.
type Queue struct {
	highest health.Level

	mu      sync.Mutex
	lines   []logged
	dropped int
}

type logged struct {
	level health.Level
	text  string
}

// NewQueue returns a queue that takes lines up to the given level.
func NewQueue(highest health.Level) *Queue { return &Queue{highest: highest} }

// Log is a health.Log.
func (q *Queue) Log(level health.Level, line string) {
	if level > q.highest {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == queued {
		q.lines = q.lines[1:]
		q.dropped++
	}
	q.lines = append(q.lines, logged{level, line})
}

// Flush prints what waits.
func (q *Queue) Flush(host Host) {
	q.mu.Lock()
	lines, dropped := q.lines, q.dropped
	q.lines, q.dropped = nil, 0
	q.mu.Unlock()
	if dropped > 0 {
		host.Print(health.Warn, fmt.Sprintf("%d log lines dropped", dropped))
	}
	for _, l := range lines {
		// What a server sent must neither look like lines of Fluent Bit's own nor
		// end the line for C. Lines of the library are clean already.
		host.Print(l.level, sanitize.Text(l.text, sanitize.MaxLine))
	}
}
