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
	// eventsRoom is the size of a buffer for a part and the next event.
	eventsRoom = maxPartSize + 8<<10
	// usualRecords is how many records of usual sizes that makes.
	usualRecords = 64
)

// download is a download of an item, and the part of it that is not queued yet.
type download struct {
	item    *item
	body    io.Reader
	decoder *record.Decoder
	events  []byte  // of the part, then of fresh
	part    part    // its field bytes is set by flush
	fresh   []fresh // read since the last judge
	claims  []ledger.Claim
	oldKeys bool // the ledger had keys of schema 1 when the download began
	large   bool // the last record takes more memory than was reserved
	doubt   doubt
}

// fresh is a record of which the ledger was not asked yet.
type fresh struct {
	record.Record
	size int // of its event, in bytes
}

// Deliver implements [collector.Delivery].
func (i *item) Deliver(ctx context.Context, body io.Reader) error {
	scratch := i.tenant.takeScratch()
	defer i.tenant.putScratch(scratch)
	d := &download{
		item: i, body: body, decoder: scratch.decoder,
		events: scratch.events[:0], part: part{item: i, created: scratch.created[:0]},
		fresh: scratch.fresh[:0], claims: scratch.claims, oldKeys: i.delivery.ledger.HasOldKeys(),
	}
	defer func() {
		scratch.events, scratch.created, scratch.fresh, scratch.claims = d.events, d.part.created, d.fresh, d.claims
	}()
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
	d.events = events
	if d.old(rec) {
		d.item.findings.addRecord(rec, ledger.Known, d.item.stream.metrics)
		d.events = events[:start]
		d.read(rec.Index)
		return nil
	}
	if most := min(maxPartSize, d.item.delivery.config.BatchSize); start > 0 && len(events) > most {
		d.events = events[:start]
		d.judge()
		if len(d.events)+len(events)-start > most {
			if err := d.flush(ctx); err != nil {
				return err
			}
		}
		start, d.events = len(d.events), append(d.events, events[start:]...)
	}
	d.read(rec.Index)
	if d.fresh = append(d.fresh, fresh{rec, len(d.events) - start}); len(d.fresh) == usualRecords {
		d.judge()
	}
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

// old reports whether the record that was read last is known without asking for its
// key: by the key that it had in schema 1 or, without dedup, by its index. With dedup
// the index does not matter, so nothing is lost if the service sends an item in another
// order the second time.
func (d *download) old(rec record.Record) bool {
	if !d.item.delivery.config.Dedup {
		return rec.Index < d.item.done()
	}
	// Keys of schema 1 in DLP.All are of whole records: a match and its undoing have
	// one Id.
	return d.oldKeys && d.item.delivery.ledger.KnowsOldKey(d.decoder.OldKey(d.item.stream.kind.SharedIDs))
}

// judge lets the fresh records and their events join the part, but for those that are
// known. The ledger is asked for all of them at once, which costs a third of asking one
// by one.
func (d *download) judge() {
	d.claims = d.claims[:0]
	start := len(d.events)
	for _, f := range d.fresh {
		d.claims = append(d.claims, ledger.Claim{Key: f.Key})
		start -= f.size
	}
	if d.item.delivery.config.Dedup {
		d.item.delivery.ledger.Claim(d.claims)
	}
	end := start
	for i, f := range d.fresh {
		verdict := d.claims[i].Verdict
		d.item.findings.addRecord(f.Record, verdict, d.item.stream.metrics)
		if verdict != ledger.Known {
			if start > end {
				copy(d.events[end:], d.events[start:start+f.size])
			}
			end += f.size
			d.include(f.Record, d.claims[i].Key)
		}
		start += f.size
	}
	d.events, d.fresh = d.events[:end], d.fresh[:0]
}

// include adds a record to the part.
func (d *download) include(rec record.Record, key ledger.Key) {
	p := &d.part
	p.records++
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

// flush judges what is fresh, queues the part and begins the next one. It waits while
// the queue is full. It returns only ctx's error, and then the part is given up.
func (d *download) flush(ctx context.Context) error {
	d.judge()
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
			d.events = make([]byte, 0, eventsRoom) // the queue keeps the others
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
	d.events = make([]byte, 0, eventsRoom)
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
