package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// alias is the input's name.
const alias = "bench"

const (
	stallLimit = time.Minute // how long no record may arrive
	stopLimit  = 30 * time.Second
	idleTime   = 4 * time.Second

	// Fluent Bit copies its counters once a second for all of its HTTP interface, with
	// the times at which they last changed (src/flb_metrics_exporter.c). To ask more
	// often would be work for it, and no news.
	countInterval = 500 * time.Millisecond
	// test/host prints a count at each flush, and does nothing else then.
	printInterval = 50 * time.Millisecond
)

// runner runs plugins in a host.
type runner struct {
	rig.Host
	dir string // for files of the runs
}

// run is one life of the host.
type run struct {
	*rig.Process
	fluentBit bool
	metrics   string // URL, of Fluent Bit
}

// collect runs a plugin until the host has stored everything that the service
// has.
func (r runner) collect(ctx context.Context, l *load, c candidate) (usage, error) {
	p, err := r.start(ctx, l.Options(), c)
	if err != nil {
		return usage{}, err
	}
	begin := time.Now()
	last, moved := count{at: begin}, begin
	for last.records < l.size.Records {
		select {
		case <-p.Done():
			return usage{}, fmt.Errorf("%s: the host ended by itself; %s", c.name, p.LogTail())
		case <-time.After(p.interval()):
		}
		switch now := p.count(); {
		case now.records != last.records:
			last, moved = now, time.Now()
		case time.Since(moved) > stallLimit:
			p.Stop(stopLimit)
			return usage{}, fmt.Errorf("%s: %d of %d records, and nothing more for %v; %s",
				c.name, last.records, l.size.Records, stallLimit, p.LogTail())
		}
	}
	u := usage{wall: last.at.Sub(begin), records: last.records}
	if u.peak, err = p.PeakRSS(); err == nil {
		u.host, err = p.hostTime()
	}
	p.Stop(stopLimit)
	u.cpu = p.State().UserTime() + p.State().SystemTime()
	return u, err
}

// idle is the resident size, in bytes, of a host whose plugin finds nothing to
// collect.
func (r runner) idle(ctx context.Context, empty *load, c candidate) (int64, error) {
	p, err := r.start(ctx, empty.Options(), c)
	if err != nil {
		return 0, err
	}
	defer p.Stop(stopLimit)
	select {
	case <-p.Done():
		return 0, fmt.Errorf("%s: the host ended by itself; %s", c.name, p.LogTail())
	case <-time.After(idleTime):
	}
	return p.PeakRSS()
}

func (r runner) start(ctx context.Context, service rig.Options, c candidate) (*run, error) {
	dir, err := os.MkdirTemp(r.dir, "run")
	if err != nil {
		return nil, err
	}
	http, root, err := rig.HTTPServer()
	if err != nil {
		return nil, err
	}
	input := service.With(rig.Options{"name": c.input, "alias": alias, "tag": "o365"}).With(c.options)
	if c.db {
		input["db"] = filepath.Join(dir, "o365.db")
	}
	if c.archive {
		folder := filepath.Join(dir, "archive")
		if err := os.Mkdir(folder, 0o700); err != nil {
			return nil, err
		}
		input["archive_url"] = "file://" + folder
	}
	cmd, err := r.Command(ctx, dir, c.plugin, rig.Config{
		Service: http.With(rig.Options{"flush": "1"}),
		Inputs:  []rig.Options{input},
		Outputs: []rig.Options{{"name": "null", "match": "*"}},
	}, "-count", "-flush-ms", strconv.FormatInt(printInterval.Milliseconds(), 10))
	if err != nil {
		return nil, err
	}
	p, err := rig.Start(cmd)
	return &run{p, r.FluentBit, root + "/api/v2/metrics"}, err
}
