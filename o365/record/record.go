// Package record turns content blobs of the Office 365 Management Activity API
// into Fluent Bit events. A blob is a JSON array of audit records
// (learn.microsoft.com/office/office-365-management-api); it is read as a
// stream, one record at a time, so that memory depends on the largest record and
// not on the blob.
//
// # Event
//
// Each record becomes one event in Fluent Bit's first form, which every version
// reads: [ext type 0 (u32 seconds, u32 nanoseconds, big endian), map].
//
// The event time is the record's CreationTime: RFC 3339, also with a space for
// the T, and UTC when it has no zone. Where there is none, or one that an event
// cannot hold, Options.Now gives the time and Record.TimeMissing is set.
//
// # Values
//
// The map holds the record as it came: all fields in their order, with their
// names, names that come twice included.
//
//   - null, true, false, strings, arrays and objects become the same in
//     MessagePack. Escapes in strings are decoded, nothing else is touched.
//   - A number written as an integer becomes an integer if int64 or uint64 holds
//     it. -0 becomes the float64 -0, since no integer is.
//   - A number written with a fraction or an exponent becomes a float64 if that,
//     written with as many digits, is the same number: 26.0, -1.0, 1e9, 0.1,
//     0.30000000000000004. It stays a float64 where it could be an integer.
//   - Any other number becomes a string of its own text, counted in
//     Record.NumberTexts: 18446744073709551616, 1e400, 3.141592653589793238.
//   - Fluent Bit reads at most 32 containers inside each other, of which the
//     event and its map are two; one more, and it drops that event and all behind
//     it. An object or array beyond becomes a string of its own JSON text,
//     counted in Record.Stringified.
//
// Fluent Bit's own JSON formatter (flb_msgpack_to_json) is less exact: it prints
// 16 digits of a float64, and of fields with the same name the last.
//
// # Damage
//
// The array is cut by brackets and quotes before a record is looked into, so a
// bad record costs no other: it is reported as Malformed. That goes for syntax
// errors, elements that are no objects or missing between two commas, and for
// whatever follows the array. Only an odd quote or several missing brackets make
// the records behind them part of the bad one.
//
// Three faults inside strings are repaired instead and counted in
// Record.Repaired: bytes that are not UTF-8 and halves of surrogate pairs become
// U+FFFD each, raw control characters are taken as they are.
//
// # Records that are too large
//
// A record over Options.MaxSize is never held. A small record stands for it, which
// has the fields of the common schema that were found among its first 32 KB, if
// their values are strings or numbers of at most 1 KB, and behind them the field
// o365_record_too_large: an object with bytes (of its JSON text), content_id,
// index (in the blob's array, from 0), offset (of its first byte in the blob) and
// sha256 (of its JSON text). Record.TooLarge is set.
//
// # Key
//
// A record is known by 16 bytes, which are the same in every process: the first
// 8 say which record it is, the last 8 what is in it. The former are a hash of
// Options.Scope and of the first top-level field named exactly Id: of its 16
// bytes if that is a GUID, in any case and with or without braces, else of its
// text. Without an Id, or with the empty GUID, they are a hash of Options.Scope
// and of all of the record. The latter are a hash of the record's JSON text as
// it stands in the blob: white space inside it counts.
//
// The hash is XXH64: with it decoding takes 5 % longer, with SHA-256 36 %. Records
// without an Id get both.
package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// DefaultMaxSize is how many bytes of JSON one record may have unless Options
// say otherwise. Records of 177 KB have been seen.
const DefaultMaxSize = 4 << 20

// Body is a content blob to decode.
type Body struct {
	io.Reader
	ContentID string // by which a record that is too large is named
	// Resize, if not nil, is asked before more than elements.FreeSize bytes of one
	// record are held, with how many; its error ends the body. It is told when it
	// is no more than that again, which Shrink brings about.
	Resize func(bytes int) error
}

// Options say how records are decoded. The zero value is ready for use.
type Options struct {
	// Scope is part of every key, so that records of different scopes, such as
	// tenants, have different ones.
	Scope string
	// MaxSize is the size of the largest record in bytes of JSON; 0 means
	// DefaultMaxSize. See Records that are too large.
	MaxSize int
	// Now gives the event time of records without a usable CreationTime; nil
	// means time.Now.
	Now func() time.Time
}

// Record tells about the event that was appended.
type Record struct {
	Index       int       // position in the blob's array, from 0, Malformed elements included
	Key         [16]byte  // what the record is known by, and what is in it
	Time        time.Time // the event time, UTC
	TimeMissing bool      // CreationTime is absent or unusable, Time is the clock's
	TooLarge    int64     // bytes of JSON of a record that is over MaxSize, of which the event holds the first fields; else 0

	// What is not as it came, see Values and Damage.
	Repaired    int // faults in strings that were repaired
	Stringified int // containers nested too deep, now strings of JSON
	NumberTexts int // numbers that MessagePack cannot hold, now strings
}

// Adjusted is how many values of the record are not as they came.
func (r Record) Adjusted() int { return r.Repaired + r.Stringified + r.NumberTexts }

// Malformed is an element of the array that gives no event. It does not unwrap,
// so that it is never taken for an error of the body.
type Malformed struct {
	Index  int   // position in the blob's array, from 0
	Offset int64 // of the element's first byte in the body
	Err    error
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("record %d at byte %d: %v", m.Index, m.Offset, m.Err)
}

// Decoder cuts one content blob into events. It is for one goroutine.
type Decoder struct {
	opt   Options
	cut   *elements.Cutter
	index int
	bad   Malformed // the last one

	json  jsontext.Decoder
	text  bytes.Buffer // what json reads
	fixed []byte       // a repaired record
	enc   encoder

	contentID string
	skipped   skipped
	skip      func(part []byte) // of skipped

	scope [8]byte
	id    []byte
	short []byte // what is hashed
	sha   hash.Hash
	sum   [sha256.Size]byte
	last  struct{ id, raw []byte } // of the record returned last
}

// NewDecoder returns a decoder of the blob that r reads.
func NewDecoder(r io.Reader, opt Options) *Decoder {
	if opt.MaxSize <= 0 {
		opt.MaxSize = DefaultMaxSize
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Decoder{opt: opt, sha: sha256.New()}
	binary.BigEndian.PutUint64(d.scope[:], xxhash.Sum64String(opt.Scope))
	d.cut, d.skip = elements.NewCutter(d.leading), d.skipped.skip
	d.Reset(r)
	return d
}

// Reset begins another blob. Options stay, and buffers unless they have become
// large.
func (d *Decoder) Reset(r io.Reader) { d.Begin(Body{Reader: r}) }

// Begin is Reset for a Body.
func (d *Decoder) Begin(body Body) {
	d.cut.Begin(body.Reader, d.opt.MaxSize, elements.Watch{Resize: body.Resize, Skip: d.skip})
	d.index, d.contentID = 0, body.ContentID
	d.drop()
}

// Shrink gives up the memory that a large record took. The event that Append
// returned last stays, OldKey is of no record until the next one.
func (d *Decoder) Shrink() {
	d.cut.Shrink()
	d.drop()
}

// drop gives up what is large but for the window.
func (d *Decoder) drop() {
	_ = d.check(nil) // which lets go of the record
	d.last.id, d.last.raw = nil, nil
	d.fixed = reuse(d.fixed)
	d.enc.scratch = reuse(d.enc.scratch)
	d.id = reuse(d.id)
	d.short = reuse(d.short)
}

// reuse empties a buffer for the next blob, or drops a large one.
func reuse(b []byte) []byte {
	if cap(b) > elements.FreeSize {
		return nil
	}
	return b[:0]
}

// Append appends the next record as one event to buf.
//
// The error is io.EOF when the array has ended properly and the reader with it.
// It wraps io.ErrUnexpectedEOF when the body ended before the array did (fetch it
// again), elements.ErrNotArray when there is no array, and otherwise what the reader
// failed with. After each of these every further call gives the same error.
//
// With a *Malformed, which is good until the next call, buf is unchanged, and the
// next call gives the next record.
func (d *Decoder) Append(buf []byte) ([]byte, Record, error) {
	d.skipped.reset()
	el, err := d.cut.Next()
	if err != nil {
		return buf, Record{}, err
	}
	index := d.index
	d.index++
	out, rec, err := d.event(buf, el)
	if err == elements.ErrTooLarge {
		out, rec = d.stub(buf, index, el)
	} else if err != nil {
		d.bad = Malformed{Index: index, Offset: el.Offset, Err: err}
		return buf, Record{}, &d.bad
	}
	rec.Index = index
	return out, rec, nil
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
	rec.Repaired = repaired
	rec.Key = d.key(id, el.Raw)
	d.last.id, d.last.raw = id, el.Raw
	return out, rec, nil
}

// append appends the event of a record that is valid JSON, and returns the JSON
// text of its Id.
func (d *Decoder) append(buf, text []byte) (_ []byte, _ Record, id []byte) {
	if len(text) > elements.FreeSize {
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

// leading returns the length of the valid value that text begins with, or 0.
func (d *Decoder) leading(text []byte) int {
	value, _ := d.first(text)
	return len(value)
}

// first returns the value that text begins with. Names may come twice.
func (d *Decoder) first(text []byte) (jsontext.Value, error) {
	d.text = *bytes.NewBuffer(text)
	d.json.Reset(&d.text, jsontext.AllowDuplicateNames(true))
	return d.json.ReadValue()
}
