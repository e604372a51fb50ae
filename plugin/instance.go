package main

// #include "shim.h"
import "C"

import (
	"errors"
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// instance is one [INPUT] section. Its methods are called on its thread.
type instance struct {
	host     *host
	source   handover.Source
	handover *handover.Handover
	metrics  *publisher
	ticker   *ticker
	memory   memory
	exit     *replayExit // nil: Fluent Bit runs on
	stopped  bool
}

// openInstance starts the input whose settings are read through p, the argument
// of FLBPluginInit. The error is for the log; it has a line for each mistake in
// the settings.
func openInstance(h *host, p unsafe.Pointer, all *instances) (*instance, error) {
	if err := h.check(all.preRegistered); err != nil {
		return nil, err
	}
	get, twice := option.Single(h.settings(p))
	config, err := o365.ParseConfig(get)
	if err := errors.Join(twice, err); err != nil {
		return nil, err
	}
	ticker := &ticker{}
	log := handover.NewLogQueue(h.level(), ticker.wake)
	if C.o365_properties_found() == 0 {
		log.Log(logging.Info, "this Fluent Bit's properties have an unknown layout: of an option that is set several times only the first value counts; write lists in one line, with commas")
	}
	if h.metrics != nil && !h.countersFound() {
		log.Log(logging.Info, "this Fluent Bit's counters have an unknown layout: they are parsed from the text of all metrics, which takes longer with many tenants")
	}
	in, err := o365.Open(config, o365.Host{Name: C.GoString(h.name), Log: log.Log, Ready: ticker.wake, Shared: all.running.Shared()})
	if err != nil {
		return nil, err
	}
	ticker.open(h.instance)
	source := sourceOf(in)
	var exit *replayExit
	if config.ReplayExit {
		exit = &replayExit{replayed: in.Replayed()}
	}
	return &instance{
		host:     h,
		source:   source,
		handover: handover.New(h, source, config.UnstoredMax, log),
		metrics:  openMetrics(h, in.Metrics()),
		ticker:   ticker,
		exit:     exit,
	}, nil
}

// tick is called by the ticker.
func (in *instance) tick() {
	restoreSignals(in.host)
	in.pace(in.handover.Tick())
	in.metrics.update()
	in.exit.check(in.host, &plugin)
}

// collect is called by Fluent Bit's own collector, which takes the events it
// returns: MessagePack, nil if there are none.
func (in *instance) collect() []byte {
	restoreSignals(in.host)
	in.metrics.update()
	events, pace := in.handover.Collect()
	in.pace(pace)
	in.exit.check(in.host, &plugin)
	return events
}

// pace sets the ticker's period.
func (in *instance) pace(p handover.Pace) {
	if in.ticker.pace(p) {
		in.memory.release(in.handover.HandedOver())
	}
}

// stop is called by PreExit and, to be sure, by Exit.
func (in *instance) stop() {
	if in.stopped {
		return
	}
	in.stopped = true
	in.ticker.close()
	in.handover.Stop()
	in.memory.wait()
	in.metrics.close()
}
