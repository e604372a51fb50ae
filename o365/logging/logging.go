// Package logging has the type through which every package of the plugin logs,
// and the levels. It is not named log, so that a file that also needs the
// standard library's can import both.
package logging

import (
	"fmt"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// Level is the severity of a log line, with Fluent Bit's numbers
// (include/fluent-bit/flb_log.h): the more severe, the smaller.
type Level int

// The levels of Fluent Bit's logger.
const (
	Error Level = 1 + iota
	Warn
	Info
	Debug
)

// Logger takes one finished line, without a line break at its end. It must not
// block, and any goroutine may call it. A nil Logger drops every line.
type Logger func(level Level, line string)

// Errorf logs that records are not collected until somebody acts.
func (l Logger) Errorf(format string, args ...any) { l.printf(Error, format, args...) }

// Warnf logs what is lost or late, or what will fail soon.
func (l Logger) Warnf(format string, args ...any) { l.printf(Warn, format, args...) }

// Infof logs starts, changes of state and summaries.
func (l Logger) Infof(format string, args ...any) { l.printf(Info, format, args...) }

// Debugf logs single requests.
func (l Logger) Debugf(format string, args ...any) { l.printf(Debug, format, args...) }

// Line logs a line whose level is computed.
func (l Logger) Line(level Level, line string) {
	if l != nil {
		l(level, line)
	}
}

func (l Logger) printf(level Level, format string, args ...any) {
	if l != nil {
		l(level, fmt.Sprintf(format, args...))
	}
}

// Redacted returns a Logger that cleans each line by [sanitize.Redactor.Text]: one
// line of at most [sanitize.MaxLine] bytes, without the secrets that r knows.
func (l Logger) Redacted(r *sanitize.Redactor) Logger {
	if l == nil {
		return nil
	}
	return func(level Level, line string) { l(level, r.Text(line, sanitize.MaxLine)) }
}

// Contain runs f. A panic ends it and is logged, so that it does not end the process.
func (l Logger) Contain(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			l.Errorf("internal error: %s stopped: %v; please report this bug", what, p)
		}
	}()
	f()
}
