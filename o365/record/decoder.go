package record

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// Decoder turns one blob after the other into events. It is for one goroutine.
type Decoder struct {
	opt   Options
	cut   *elements.Cutter
	index int
	bad   Malformed // the last one
	end   error     // of every further call of Append

	useless bool // the body did not begin with a record, and none was found yet

	enc   transcoder
	buf   []byte  // what Append appends to, while it runs
	whole encoded // the element that it reads now, if that is valid as it came
	fixed []byte  // a repaired record

	contentID string
	skipped   skipped
	skip      func(part []byte) // of skipped

	scope [8]byte
	id    []byte
	short []byte // the input of a hash
	sha   hash.Hash
	sum   [sha256.Size]byte
	last  struct{ id, raw []byte } // of the last record; for OldKey
}

// NewDecoder returns a decoder of the blob that r reads. See Reset for more of them.
func NewDecoder(r io.Reader, opt Options) *Decoder {
	if opt.MaxSize <= 0 {
		opt.MaxSize = DefaultMaxSize
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Decoder{opt: opt, sha: sha256.New()}
	binary.BigEndian.PutUint64(d.scope[:], xxhash.Sum64String(opt.Scope))
	d.cut, d.skip = elements.NewCutter(d.prefix), d.skipped.skip
	d.Reset(Body{Reader: r})
	return d
}

// Reset begins another blob. Options stay, and buffers unless they have become
// large.
func (d *Decoder) Reset(body Body) {
	d.cut.Reset(body.Reader, d.opt.MaxSize, elements.Hooks{Resize: body.Resize, Skip: d.skip})
	d.index, d.contentID = 0, body.ContentID
	d.useless, d.end = false, nil
	d.drop()
}

// Shrink gives up the memory of a large record. The event that Append returned last
// stays. OldKey must not be called before the next Append.
func (d *Decoder) Shrink() {
	d.cut.Shrink()
	d.drop()
}

// drop gives up all large buffers but that of the cutter.
func (d *Decoder) drop() {
	d.enc.src = nil
	d.last.id, d.last.raw = nil, nil
	d.fixed = reuse(d.fixed)
	d.enc.scratch = reuse(d.enc.scratch)
	d.id = reuse(d.id)
	d.short = reuse(d.short)
}

// reuse empties a buffer for the next blob, or drops a large one.
func reuse(b []byte) []byte {
	if cap(b) > elements.UnreservedSize {
		return nil
	}
	return b[:0]
}

// Append appends the next record as one event to buf.
//
// The error is io.EOF when both the last value of the body and the reader have ended.
// It wraps io.ErrUnexpectedEOF when the body ends before a value does (download it
// again), elements.ErrNotArray when there is no array and no record, and otherwise the
// reader's error. After each of these every further call returns the same error.
//
// A *Malformed, which is never wrapped and is valid until the next call, is the error of
// one record: buf is unchanged, and the next call appends the next record.
//
// Any of the capacity of buf behind its length may be overwritten.
func (d *Decoder) Append(buf []byte) ([]byte, Record, error) {
	if d.end != nil {
		return buf, Record{}, d.end
	}
	d.skipped.reset()
	d.buf = buf
	defer d.release()
	el, err := d.cut.Next()
	if err == io.EOF && d.useless && !d.cut.FoundArray() {
		err = elements.ErrNotArray
	}
	if err != nil {
		return buf, Record{}, err
	}
	index := d.index
	d.index++
	out, rec, err := d.event(buf, el)
	if err == elements.ErrTooLarge {
		out, rec, err = d.stub(buf, index, el)
	}
	if err != nil {
		return buf, Record{}, d.malformed(index, el, err)
	}
	d.useless = false
	rec.Index = index
	return out, rec, nil
}

var (
	errNoRecord   = errors.New("an object without Id and CreationTime, which is not in the array of records")
	errOnlyObject = fmt.Errorf("%w: it begins with an object that is no record", elements.ErrNotArray)
)

// malformed returns the error of an element that is no record: the one that ends the
// body, if it begins with an object of another kind, such as an error.
func (d *Decoder) malformed(index int, el elements.Element, err error) error {
	if index == 0 && el.Loose {
		d.useless = true
		if err == errNoRecord && !d.cut.FoundArray() {
			d.end = errOnlyObject
			return d.end
		}
	}
	d.bad = Malformed{Index: index, Offset: el.Offset, Loose: el.Loose, Err: err}
	return &d.bad
}

// release forgets what belongs to the caller of Append.
func (d *Decoder) release() { d.buf, d.whole = nil, encoded{} }

// prefix appends the record that text begins with as an event, and returns its size; 0 if
// there is none. It is called by the cutter, which so learns where most records end.
func (d *Decoder) prefix(text []byte) int {
	d.whole = d.enc.record(appendHeader(d.buf), text)
	return d.whole.size
}

// event appends the element as an event.
func (d *Decoder) event(buf []byte, el elements.Element) ([]byte, Record, error) {
	if el.Err != nil {
		return nil, Record{}, el.Err
	}
	found, repaired := d.whole, 0
	if !el.Valid {
		var err error
		if found, repaired, err = d.repaired(buf, el.Raw); err != nil {
			return nil, Record{}, err
		}
	}
	rec := d.describe(found, len(buf))
	if el.Loose && len(found.id) == 0 && rec.TimeMissing {
		return nil, Record{}, errNoRecord
	}
	rec.Repaired = repaired
	rec.Key = d.key(found.id, el.Raw)
	d.last.id, d.last.raw = found.id, el.Raw
	return found.out, rec, nil
}

// describe returns the Record of an event, and writes its time. at is where the event
// begins.
func (d *Decoder) describe(found encoded, at int) Record {
	rec := Record{Stringified: found.stringified, NumberTexts: found.numberTexts}
	rec.Time, rec.TimeMissing = d.time(found.created)
	setTime(found.out[at:], rec.Time)
	return rec
}

// repaired appends the event of a record that was not valid as it came, or not yet read
// to its end. A record that has become too large by repairs counts as one.
func (d *Decoder) repaired(buf, raw []byte) (found encoded, faults int, err error) {
	if found, err = d.append(buf, raw); err == nil {
		return found, 0, nil
	}
	d.fixed, faults = repair(slices.Grow(d.fixed[:0], len(raw)), raw, d.opt.MaxSize)
	if len(d.fixed) > d.opt.MaxSize {
		d.skipped.skip(raw)
		return encoded{}, 0, elements.ErrTooLarge
	}
	if faults > 0 {
		found, err = d.append(buf, d.fixed)
	}
	return found, faults, err
}

// append appends the event of a record, or returns why it is not valid JSON.
func (d *Decoder) append(buf, text []byte) (encoded, error) {
	if len(text) > elements.UnreservedSize {
		buf = slices.Grow(buf, len(text)) // in one step: most events are smaller
	}
	found := d.enc.record(appendHeader(buf), text)
	if found.size == 0 {
		return found, d.enc.explain()
	}
	return found, nil
}
