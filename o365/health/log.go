// Package health tells people how collecting goes: log lines, counters and
// health records. It decides what is worth saying, not how it is shown.
package health

import (
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Level is the severity of a log line, with Fluent Bit's numbers
// (include/fluent-bit/flb_log.h).
type Level int

// The levels of Fluent Bit's logger.
const (
	Error Level = 1 + iota
	Warn
	Info
	Debug
)

// Log takes finished lines. It must not block and may be called from any
// goroutine. A nil Log drops everything.
type Log func(level Level, line string)

// Errorf reports that records are not collected until somebody acts.
func (l Log) Errorf(format string, args ...any) { l.printf(Error, format, args...) }

// Warnf reports what is lost, late, or will go wrong.
func (l Log) Warnf(format string, args ...any) { l.printf(Warn, format, args...) }

// Infof reports starts, changes of state and summaries.
func (l Log) Infof(format string, args ...any) { l.printf(Info, format, args...) }

// Debugf reports single requests.
func (l Log) Debugf(format string, args ...any) { l.printf(Debug, format, args...) }

// Redacted returns a Log whose lines are cleaned, and without the secrets that r
// knows.
func (l Log) Redacted(r *sanitize.Redactor) Log {
	if l == nil {
		return nil
	}
	return func(level Level, line string) { l(level, r.Text(line, sanitize.MaxLine)) }
}

func (l Log) printf(level Level, format string, args ...any) {
	if l != nil {
		l(level, fmt.Sprintf(format, args...))
	}
}

// Contain runs f. A panic ends it and is logged, so that it does not end the process.
func (l Log) Contain(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			l.Errorf("internal error: %s stopped: %v; please report this bug", what, p)
		}
	}()
	f()
}
