// Package record turns content blobs of the Office 365 Management Activity API
// into Fluent Bit events. A blob is a JSON array of audit records; each record
// becomes one event in Fluent Bit's oldest form, which every version reads:
// [ext type 0 (u32 seconds, u32 nanoseconds, big endian), map].
package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// DefaultMaxSize is how many bytes of JSON one record may have unless Options
// say otherwise.
const DefaultMaxSize = 16 << 20

// ErrNotArray means that the body is something else than a JSON array, such as
// an error object or a proxy's page. No record comes from it.
var ErrNotArray = errors.New("body is not a JSON array")

var (
	errNotObject = errors.New("not a JSON object")
	errTooLarge  = errors.New("larger than the size allowed for one record")
	errUnclosed  = errors.New("object is not closed")
	errEmpty     = errors.New("no value between commas")
	errTrailing  = errors.New("data after the end of the array")
)

// Options say how records are decoded. The zero value is ready for use.
type Options struct {
	// WholeKey makes the key a hash of the whole record. DLP.All needs it: there
	// one Id can be shared by records that differ.
	WholeKey bool
	// MaxSize is the size of the largest record in bytes of JSON; 0 means
	// DefaultMaxSize. Larger ones are Malformed and never held in memory.
	MaxSize int
	// Now gives the event time of records without a usable CreationTime; nil
	// means time.Now.
	Now func() time.Time
}

// Record tells about the event that was appended.
type Record struct {
	Index       int       // position in the blob's array, from 0, Malformed elements included
	Key         [16]byte  // what the record is known by, see the package doc
	HasID       bool      // the record has an Id
	Time        time.Time // the event time, UTC
	TimeMissing bool      // CreationTime is absent or unusable, Time is the clock's
	Repaired    int       // places in strings that were no valid JSON and were repaired
	Stringified int       // containers nested too deep for Fluent Bit, now strings of JSON
	NumberTexts int       // numbers that no MessagePack number can hold, now strings
}

// Malformed is an element of the array that gives no event. The elements behind
// it are not affected.
type Malformed struct {
	Index  int   // position in the blob's array, from 0
	Offset int64 // of the element's first byte in the body
	Err    error
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("record %d at byte %d: %v", m.Index, m.Offset, m.Err)
}

func (m *Malformed) Unwrap() error { return m.Err }

// Decoder cuts one content blob into events. It is for one goroutine.
type Decoder struct {
	opt   Options
	cut   cutter
	index int

	json jsontext.Decoder
	text bytes.Buffer
	enc  encoder
	fix  []byte
	hash hash.Hash
	sum  []byte
}

// NewDecoder returns a decoder of the blob that r reads.
func NewDecoder(r io.Reader, opt Options) *Decoder {
	if opt.MaxSize <= 0 {
		opt.MaxSize = DefaultMaxSize
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	d := &Decoder{opt: opt, hash: sha256.New()}
	d.Reset(r)
	return d
}

// Reset begins another blob and keeps options and buffers.
func (d *Decoder) Reset(r io.Reader) {
	d.cut.reset(r, d.opt.MaxSize)
	d.index = 0
}

// Append appends the next record as one event to buf.
//
// The error is io.EOF when the array has ended properly. It wraps
// io.ErrUnexpectedEOF when the body ended before the array did, ErrNotArray when
// there is no array, and otherwise whatever the reader failed with. After each
// of these every further call gives the same.
//
// With a *Malformed buf is unchanged, and the next call gives the next record.
func (d *Decoder) Append(buf []byte) ([]byte, Record, error) {
	el, err := d.cut.next()
	if err != nil {
		return buf, Record{}, err
	}
	index := d.index
	d.index++
	out, rec, err := d.event(buf, el)
	if err != nil {
		return buf, Record{}, &Malformed{Index: index, Offset: el.offset, Err: err}
	}
	rec.Index = index
	return out, rec, nil
}

// event appends the element as an event.
func (d *Decoder) event(buf []byte, el element) ([]byte, Record, error) {
	if el.err != nil {
		return nil, Record{}, el.err
	}
	if el.raw[0] != '{' {
		return nil, Record{}, errNotObject
	}
	raw, repaired := el.raw, 0
	if err := d.validate(raw); err != nil {
		if d.fix, repaired = repair(d.fix[:0], raw); repaired == 0 {
			return nil, Record{}, err
		}
		if err := d.validate(d.fix); err != nil {
			return nil, Record{}, err
		}
		raw = d.fix
	}

	at := len(buf)
	buf = append(buf, 0x92, 0xd7, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	d.enc.reset(buf, raw)
	d.enc.record()

	rec := Record{
		Repaired:    repaired,
		Stringified: d.enc.stringified,
		NumberTexts: d.enc.numberTexts,
	}
	rec.Time, rec.TimeMissing = d.time(d.enc.created)
	binary.BigEndian.PutUint32(d.enc.out[at+3:], uint32(rec.Time.Unix()))
	binary.BigEndian.PutUint32(d.enc.out[at+7:], uint32(rec.Time.Nanosecond()))
	rec.Key, rec.HasID = d.key(d.enc.id, el.raw)
	return d.enc.out, rec, nil
}

// validate checks that raw is one JSON value. Names may come twice.
func (d *Decoder) validate(raw []byte) error {
	d.text = *bytes.NewBuffer(raw)
	d.json.Reset(&d.text, jsontext.AllowDuplicateNames(true))
	v, err := d.json.ReadValue()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errUnclosed // must not be taken for a truncated body
	case err != nil:
		return err
	case len(v) != len(raw):
		return errUnclosed
	}
	return nil
}
