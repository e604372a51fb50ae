package record

import (
	"fmt"
	"io"
	"time"
)

// DefaultMaxSize is the size of the largest record in bytes of JSON, where
// Options.MaxSize is 0. Records of 177 KB have been seen.
const DefaultMaxSize = 4 << 20

// Body is a blob to decode.
type Body struct {
	io.Reader
	ContentID string // content_id of a record that is too large
	// Resize, if not nil, is called before more than elements.UnreservedSize bytes of
	// one record are held, with their number; its error ends the body. It is called
	// again when they are at most that many, after [Decoder.Shrink] or at the next
	// record; its error is ignored then.
	Resize func(bytes int) error
}

// Options are the settings of a [Decoder]. The zero value is ready for use.
type Options struct {
	// Scope is part of every key, so that records of different scopes, such as
	// tenants, have different ones.
	Scope string
	// MaxSize is the size of the largest record in bytes of JSON; 0 means
	// DefaultMaxSize. The package describes what replaces a larger one.
	MaxSize int
	// Now returns the event time of records without a usable CreationTime; nil
	// means time.Now.
	Now func() time.Time
}

// Record describes an event that was appended.
type Record struct {
	Index       int       // position in the blob, from 0, Malformed elements included
	Key         [16]byte  // see Key in the package's documentation
	Time        time.Time // the event time, UTC
	TimeMissing bool      // CreationTime is absent or unusable, Time is from Options.Now
	TooLarge    int64     // bytes of JSON of a record over MaxSize, of which the event has the first fields; else 0

	// Numbers of changes, see Values and Damage in the package's documentation.
	Repaired    int // faults in strings that were repaired
	Stringified int // containers nested too deep, now strings of JSON
	NumberTexts int // numbers that MessagePack cannot hold, now strings
}

// Adjusted returns how many values of the record are not as they came.
func (r Record) Adjusted() int { return r.Repaired + r.Stringified + r.NumberTexts }

// Malformed is the error of an element of the blob that cannot become an event. It has
// no Unwrap, so that it is never taken for an error of the body.
type Malformed struct {
	Index  int   // position in the blob, from 0
	Offset int64 // of the element's first byte in the body
	// Loose means that it stands outside of any array, or behind what is no JSON. The
	// blob may have been damaged on its way, and have other elements there.
	Loose bool
	Err   error
}

func (m *Malformed) Error() string {
	return fmt.Sprintf("record %d at byte %d: %v", m.Index, m.Offset, m.Err)
}
