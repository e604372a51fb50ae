package handover

import (
	"fmt"
	"sync"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// maxQueuedLines is how many log lines are queued at most; then the oldest is
// dropped.
const maxQueuedLines = 1000

// LogQueue holds log lines until the input's own thread prints them: on any
// other thread Fluent Bit writes them to stderr instead of its log_file
// (src/flb_log.c, flb_log_print, 2.0.14 to 5.1.1). It may be used by any
// goroutine.
type LogQueue struct {
	highest logging.Level
	ready   func()

	mu      sync.Mutex
	lines   []logLine
	dropped int // lines since the last Flush
}

type logLine struct {
	level logging.Level
	text  string
}

// NewLogQueue returns a queue that takes lines up to the given level. It calls ready,
// which must not block, when there is a line to print.
func NewLogQueue(highest logging.Level, ready func()) *LogQueue {
	return &LogQueue{highest: highest, ready: ready}
}

// Log queues a line; it is a logging.Logger.
func (q *LogQueue) Log(level logging.Level, line string) {
	if level > q.highest {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.lines) == maxQueuedLines {
		q.lines = q.lines[1:]
		q.dropped++
	}
	q.lines = append(q.lines, logLine{level, line})
	q.ready()
}

// Flush prints the queued lines. It is called on the input's own thread.
func (q *LogQueue) Flush(host Host) {
	q.mu.Lock()
	lines, dropped := q.lines, q.dropped
	q.lines, q.dropped = nil, 0
	q.mu.Unlock()
	if dropped > 0 {
		host.Print(logging.Warn, fmt.Sprintf("%d log lines dropped", dropped))
	}
	for _, l := range lines {
		// The text of a server must neither resemble Fluent Bit's own lines nor
		// end the line for C. Lines of the library are clean already.
		host.Print(l.level, sanitize.Text(l.text, sanitize.MaxLine))
	}
}
