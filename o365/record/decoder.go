package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"

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

	json  jsontext.Decoder
	text  bytes.Buffer // the input of json
	fixed []byte       // a repaired record
	enc   encoder

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
	d.cut, d.skip = elements.NewCutter(d.validPrefix), d.skipped.skip
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
	_ = d.check(nil) // d.json drops the record
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
func (d *Decoder) Append(buf []byte) ([]byte, Record, error) {
	if d.end != nil {
		return buf, Record{}, d.end
	}
	d.skipped.reset()
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

// event appends the element as an event.
func (d *Decoder) event(buf []byte, el elements.Element) ([]byte, Record, error) {
	if el.Err != nil {
		return nil, Record{}, el.Err
	}
	text, repaired := el.Raw, 0
	if !el.Valid {
		var err error
		if text, repaired, err = d.valid(el.Raw); err != nil {
			return nil, Record{}, err
		}
	}
	out, rec, id := d.append(buf, text)
	if el.Loose && len(id) == 0 && rec.TimeMissing {
		return nil, Record{}, errNoRecord
	}
	rec.Repaired = repaired
	rec.Key = d.key(id, el.Raw)
	d.last.id, d.last.raw = id, el.Raw
	return out, rec, nil
}

// append appends the event of a record that is valid JSON, and returns the JSON
// text of its Id.
func (d *Decoder) append(buf, text []byte) (_ []byte, _ Record, id []byte) {
	if len(text) > elements.UnreservedSize {
		buf = slices.Grow(buf, len(text)) // in one step: most events are smaller
	}
	at := len(buf)
	buf = appendHeader(buf)
	found := d.enc.record(buf, text)
	rec := Record{Stringified: found.stringified, NumberTexts: found.numberTexts}
	rec.Time, rec.TimeMissing = d.time(found.created)
	setTime(found.out[at:], rec.Time)
	return found.out, rec, found.id
}

// valid returns the record's text if it is valid JSON or can be repaired. A
// record that has become too large by that counts as one.
func (d *Decoder) valid(raw []byte) (text []byte, repaired int, err error) {
	if err = d.check(raw); err == nil {
		return raw, 0, nil
	}
	d.fixed, repaired = repair(slices.Grow(d.fixed[:0], len(raw)), raw, d.opt.MaxSize)
	if len(d.fixed) > d.opt.MaxSize {
		d.skipped.skip(raw)
		return nil, 0, elements.ErrTooLarge
	}
	if repaired > 0 {
		err = d.check(d.fixed)
	}
	return d.fixed, repaired, err
}

// check reports why text is not valid JSON.
func (d *Decoder) check(text []byte) error {
	_, err := d.first(text)
	return err
}

// validPrefix returns the length of the valid value that text begins with, or 0.
func (d *Decoder) validPrefix(text []byte) int {
	value, _ := d.first(text)
	return len(value)
}

// first returns the value that text begins with. Names may come twice.
func (d *Decoder) first(text []byte) (jsontext.Value, error) {
	d.text = *bytes.NewBuffer(text)
	d.json.Reset(&d.text, jsontext.AllowDuplicateNames(true))
	return d.json.ReadValue()
}
