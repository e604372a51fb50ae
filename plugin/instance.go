package main

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
	"github.com/fluent/fluent-bit-go/input"
)

// instance is one [INPUT] section. Its methods are called on its thread.
type instance struct {
	host    *host
	feed    *handover.Handover
	source  handover.Source
	metrics *metrics
	ticker  *ticker
	memory  memory
	stopped bool
}

var (
	errTooOld = errors.New("this input needs Fluent Bit 2.2 or later: earlier versions lose records while an input is paused")
	errThread = errors.New(`"threaded off" cannot be used with this input: leave it out`)
)

func openInstance(h *host, p unsafe.Pointer, t *table) (*instance, error) {
	if !t.preRegistered {
		return nil, errTooOld
	}
	if C.o365_on_engine_thread() != 0 {
		return nil, errThread
	}
	config, err := o365.ParseConfig(func(key string) string { return input.FLBPluginConfigKey(p, key) })
	if err != nil {
		return nil, err
	}
	log := handover.NewLogQueue(h.level())
	if h.metrics != nil && !h.readsCounters() {
		log.Log(health.Info, "this Fluent Bit keeps its counters in an unknown way: they are taken from the text of all metrics, which costs time with many tenants")
	}
	in, err := o365.Open(config, o365.Host{Name: C.GoString(h.name), Log: log.Log, Shared: t.budgets()})
	if err != nil {
		return nil, err
	}
	source := sourceOf(in)
	return &instance{
		host:    h,
		feed:    handover.New(h, source, log),
		source:  source,
		metrics: openMetrics(h, in.Metrics()),
		ticker:  openTicker(h.instance),
	}, nil
}

func (in *instance) tick() {
	restoreSignals(in.host)
	in.pace(in.feed.Tick())
	in.metrics.update()
}

// collect is tick from the host's own collector, which takes events.
func (in *instance) collect() []byte {
	restoreSignals(in.host)
	in.metrics.update()
	events, busy := in.feed.Collect()
	in.pace(busy)
	return events
}

// pace takes whether there was anything to do.
func (in *instance) pace(busy bool) {
	if in.ticker.pace(busy) {
		in.memory.calm(in.feed.HandedOver())
	}
}

// stop is called by PreExit and, to be sure, by Exit.
func (in *instance) stop() {
	if in.stopped {
		return
	}
	in.stopped = true
	in.ticker.close()
	in.feed.Stop()
	in.memory.stop()
	in.metrics.close()
}

// safely keeps a bug of ours from ending Fluent Bit: the instance does nothing
// more, the others go on. What it had not confirmed is collected again at the
// next start.
func (in *instance) safely(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			in.host.panicked(what, r, debug.Stack())
			in.stopped = true
			in.ticker.close()
			go closeBroken(in.source)
		}
	}()
	if !in.stopped {
		f()
	}
}

// closeBroken is not waited for: a lock may be held for ever.
func closeBroken(source handover.Source) {
	defer func() { _ = recover() }()
	source.Close()
}

// panicked tells of a bug; the stack is for those who look for it.
func (h *host) panicked(what string, r any, stack []byte) {
	h.Print(health.Error, fmt.Sprintf("internal error in %s: %s. This input has stopped; please report it (the stack is in the debug log)",
		what, sanitize.Text(fmt.Sprint(r), sanitize.MaxDetail)))
	if h.level() < health.Debug {
		return
	}
	for line := range strings.Lines(string(stack)) {
		h.Print(health.Debug, strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), "\n"))
	}
}
