package delivery

import (
	"context"
	"io"
	"slices"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/record"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	// maxPartSize is how many bytes of events a download collects before it queues
	// them. In the queue, several small items share a batch.
	maxPartSize = 64 << 10
	// usualRecords is how many records of usual sizes that makes.
	usualRecords = 64
)

// download is a download of an item, and the part of it that is not queued yet.
type download struct {
	item    *item
	body    io.Reader
	decoder *record.Decoder
	events  []byte // of the part
	part    part   // its field bytes is set by flush
	large   bool   // the last record takes more memory than was reserved
	doubt   doubt
}

// Deliver implements [collector.Delivery].
func (i *item) Deliver(ctx context.Context, body io.Reader) error {
	scratch := i.tenant.takeScratch()
	defer i.tenant.putScratch(scratch)
	d := &download{
		item: i, body: body, decoder: scratch.decoder,
		events: scratch.events[:0], part: part{item: i, created: scratch.created[:0]},
	}
	defer func() { scratch.events, scratch.created = d.events, d.part.created }()
	defer i.delivery.queue.releaseLarge(i)
	d.decoder.Reset(record.Body{
		Reader: body, ContentID: i.ID,
		Resize: func(bytes int) error { return d.resize(ctx, bytes) },
	})
	i.findings.begin(i.done())
	for {
		err := d.next(ctx)
		if err == nil && d.large {
			err = d.shrink(ctx)
		}
		if err != nil {
			return d.end(ctx, err)
		}
	}
}

// next reads the next element of the item. Its event joins the part, unless the
// record was delivered before.
func (d *download) next(ctx context.Context) error {
	start := len(d.events)
	events, rec, err := d.decoder.Append(d.events)
	if bad, ok := err.(*record.Malformed); ok { // it is never wrapped, and there may be millions
		if d.doubt.add(bad) {
			return nil
		}
		d.item.findings.addMalformed(bad, d.item.stream.metrics)
		d.read(bad.Index)
		return nil
	}
	if err != nil {
		return err
	}
	key, verdict := d.judge(rec)
	d.item.findings.addRecord(rec, verdict, d.item.stream.metrics)
	d.events = events
	if verdict == ledger.Known {
		d.events = events[:start]
		d.read(rec.Index)
		return nil
	}
	if start > 0 && len(events) > min(maxPartSize, d.item.delivery.config.BatchSize) {
		d.events = events[:start]
		if err := d.flush(ctx); err != nil {
			if d.item.delivery.config.Dedup {
				d.item.delivery.ledger.Release([]ledger.Key{key})
			}
			return err
		}
		d.events = append(d.events[:0], events[start:]...)
	}
	d.include(rec, key)
	return nil
}

// read notes that an element need not be queued again. Elements behind one that is in
// doubt are no part of that: in another download they may have other positions.
func (d *download) read(index int) {
	d.doubt.elements = index + 1
	if d.doubt.loose == 0 {
		d.part.through = index + 1
	}
}

// judge returns whether the record that was read last is known, by its key or, without
// dedup, by its index. With dedup the index does not matter, so nothing is lost if the
// service sends an item in another order the second time.
func (d *download) judge(rec record.Record) (ledger.Key, ledger.Verdict) {
	if !d.item.delivery.config.Dedup {
		if rec.Index < d.item.done() {
			return ledger.Key{}, ledger.Known
		}
		return ledger.Key{}, ledger.New
	}
	// Keys of schema 1 in DLP.All are of whole records: a match and its undoing have
	// one Id.
	l := d.item.delivery.ledger
	if l.HasOldKeys() && l.KnowsOldKey(d.decoder.OldKey(d.item.stream.kind.SharedIDs)) {
		return ledger.Key{}, ledger.Known
	}
	return l.Claim(rec.Key)
}

// include adds a record, whose event is the last one of d.events, to the part.
func (d *download) include(rec record.Record, key ledger.Key) {
	p := &d.part
	p.records++
	d.read(rec.Index)
	if !rec.TimeMissing {
		p.created = append(p.created, uint32(rec.Time.Unix())) // the time of an event has 32 bits
	}
	if d.item.delivery.config.Dedup {
		if p.keys == nil {
			p.keys = make([]ledger.Key, 0, usualRecords)
		}
		p.keys = append(p.keys, key)
	}
}

// flush queues the part and begins the next one. It waits while the queue is full. It
// returns only ctx's error, and then the part is given up.
func (d *download) flush(ctx context.Context) error {
	if d.part.records == 0 {
		return nil
	}
	i, q := d.item, d.item.delivery.queue
	p := d.part
	p.bytes, p.created = len(d.events), slices.Clone(p.created)
	i.opened(p)
	err := q.add(ctx, i.stream.lane, d.events, p)
	if err != nil {
		i.dropped(p)
	} else {
		i.queued(p)
		if q.isLarge(d.events) {
			d.events = nil // the queue keeps them
		}
	}
	d.events = d.events[:0]
	d.part.records, d.part.keys, d.part.created = 0, nil, d.part.created[:0]
	return err
}

// resize reserves the memory of a large record: its text, and an event of about as
// many bytes. One such record of an input is read at a time.
func (d *download) resize(ctx context.Context, bytes int) error {
	if d.large = bytes > elements.UnreservedSize; d.large {
		return d.item.delivery.queue.reserveLarge(ctx, d.item, 2*bytes)
	}
	d.item.delivery.queue.releaseLarge(d.item)
	return nil
}

// shrink queues the part and gives up the memory of a large record.
func (d *download) shrink(ctx context.Context) error {
	if err := d.flush(ctx); err != nil {
		return err
	}
	d.events = nil
	d.decoder.Shrink() // which calls resize
	return nil
}

// end queues what is left. It returns the error that ended the download, nil for the
// item's end. An item with elements in doubt has not ended before another download
// has had them too.
func (d *download) end(ctx context.Context, err error) error {
	if failed := d.flush(ctx); failed != nil {
		return failed
	}
	if err != io.EOF {
		return err
	}
	if err := d.item.findings.confirm(d.doubt, d.item.stream.metrics); err != nil {
		return err
	}
	if k, ok := d.body.(source.Keeper); ok {
		if err := k.Keep(d.doubt.elements); err != nil {
			d.item.taken(d.part.through)
			return err
		}
	}
	d.item.findings.report(d.item)
	d.item.ended(d.part.through)
	return nil
}
