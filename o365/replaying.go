package o365

import (
	"errors"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/replay"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// openReplayed returns the store of the archive to replay, nil if content is collected.
// It makes no request.
func (a *assembly) openReplayed() (storage.Store, error) {
	if a.ReplayURL == "" {
		return nil, nil
	}
	a.monitor.Replays()
	return a.openStore(option.ReplayURL, a.ReplayURL, "")
}

// checkReplayLedger refuses the state file of an input that collects: what it knows would
// be left out, and what it says of the time that is complete would become wrong.
func (a *assembly) checkReplayLedger(book *ledger.Ledger) error {
	if a.DB == "" {
		a.host.Log.Infof("no db is set: a replay that is broken off begins anew")
	}
	for _, s := range a.metrics.StreamIDs() {
		if !book.Through(s, time.Now()).IsZero() {
			return errors.Join(errors.New(option.DB+": it belongs to an input that collects; records that it knows would not be replayed (use another file for the replay)"), book.Close())
		}
	}
	return nil
}

// replay returns what replays an archive.
func (a *assembly) replay(from storage.Store, tenants []*tenant, d *delivery.Delivery) *replay.Replay {
	sinks := make(map[string]replay.Sink)
	for _, t := range tenants {
		sinks[t.name] = d.Tenant(t.name, t.types())
	}
	return replay.New(a.replayed(from, sinks), a.monitor, a.host.Log)
}

// replayed is what to replay, and how.
func (a *assembly) replayed(from storage.Store, sinks map[string]replay.Sink) replay.Config {
	return replay.Config{
		Store: from, Streams: a.metrics.StreamIDs(), Span: source.Span{From: a.ReplayFrom, To: a.ReplayTo},
		Sinks: sinks, Concurrency: a.Concurrency, MostOpen: a.mostEntries(), Metrics: a.metrics,
	}
}

// Replayed is closed when all of an archive is replayed and acknowledged, and the ledger
// has it. It is nil if content is collected.
func (in *Input) Replayed() <-chan struct{} {
	if in.replay == nil {
		return nil
	}
	return in.replay.Done()
}
