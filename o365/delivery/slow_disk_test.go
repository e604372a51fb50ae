package delivery

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// disk is a ledger on a disk that is slow or fails.
type disk struct {
	*ledger.Ledger
	write, close time.Duration  // that each takes
	fails        func(int) bool // by the number of the write; nil: none
	done         int64          // writes
	pruned       []time.Time
}

func (d *disk) answer() error {
	time.Sleep(d.write)
	if n := atomic.AddInt64(&d.done, 1); d.fails != nil && d.fails(int(n)) {
		return errors.New("no space left")
	}
	return nil
}

// writes returns how many there were.
func (d *disk) writes() int { return int(atomic.LoadInt64(&d.done)) }

func (d *disk) Since(s source.Stream, first time.Time) (time.Time, error) {
	if err := d.answer(); err != nil {
		return first, err
	}
	return d.Ledger.Since(s, first)
}

func (d *disk) Confirm(ds []ledger.Delivery) error {
	if err := d.answer(); err != nil {
		return err
	}
	return d.Ledger.Confirm(ds)
}

func (d *disk) Retract(s source.Stream, after time.Time) error {
	if err := d.answer(); err != nil {
		return err
	}
	return d.Ledger.Retract(s, after)
}

func (d *disk) Complete(s source.Stream, spans ...source.Span) error {
	if err := d.answer(); err != nil {
		return err
	}
	return d.Ledger.Complete(s, spans...)
}

func (d *disk) AddGap(g ledger.Gap) error {
	if err := d.answer(); err != nil {
		return err
	}
	return d.Ledger.AddGap(g)
}

func (d *disk) RemoveGaps(gs ...ledger.Gap) error {
	if err := d.answer(); err != nil {
		return err
	}
	return d.Ledger.RemoveGaps(gs...)
}

func (d *disk) Prune(now time.Time) error {
	d.pruned = append(d.pruned, now)
	return d.Ledger.Prune(now)
}

func (d *disk) Close() error {
	time.Sleep(d.close)
	return d.Ledger.Close()
}

// written is a delivery that writes to a disk, with what it logs and measures.
type written struct {
	*Delivery
	disk    *disk
	monitor *health.Monitor
	lines   []string
}

// writeTo returns a delivery whose writes go to a disk.
func writeTo(t *testing.T, d *disk) *written {
	d.Ledger = openMemory(t)
	w := &written{disk: d}
	log := logging.Logger(func(level logging.Level, line string) { w.lines = append(w.lines, fmt.Sprint(level, " ", line)) })
	numbers := metrics.New([]string{theStream.Tenant}, []string{theStream.ContentType})
	w.monitor = health.NewMonitor(numbers.StreamIDs(), nil, log, nil)
	w.Delivery = New(Config{BatchSize: 1, QueueSize: 1 << 20, Downloads: 1}, d.Ledger, w.monitor, numbers, nil, log)
	close(w.committer.stop)
	<-w.committer.stopped
	w.committer = newCommitter(d, w.monitor, numbers, log)
	return w
}
