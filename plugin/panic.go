package main

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// safely runs f, and keeps a panic in it from ending Fluent Bit: it is logged,
// and this instance stops while the others go on. Records that it has not
// acknowledged are collected again after the next start.
func (in *instance) safely(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			in.host.logPanic(what, r, debug.Stack())
			in.stopped = true
			in.ticker.close()
			go closeAfterPanic(in.source)
		}
	}()
	if !in.stopped {
		f()
	}
}

// closeAfterPanic closes a source. Nobody waits for it, since a lock may never
// be released.
func closeAfterPanic(source handover.Source) {
	defer func() { _ = recover() }()
	source.Close()
}

// logPanic reports a bug of the plugin to the person who runs Fluent Bit, and
// its stack to those who inspect it.
func (h *host) logPanic(what string, r any, stack []byte) {
	h.Print(logging.Error, fmt.Sprintf("internal error in %s: %s. This input has stopped; please report it (the stack is in the debug log)",
		what, sanitize.Text(fmt.Sprint(r), sanitize.MaxDetail)))
	if h.level() < logging.Debug {
		return
	}
	for line := range strings.Lines(string(stack)) {
		h.Print(logging.Debug, strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), "\n"))
	}
}
