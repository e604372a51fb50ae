package delivery

import "github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"

// Batch holds events of one tag, which are handed over in one piece. It is in flight
// until Ack or Nack is called; a second call does nothing.
type Batch struct {
	Tag     string // empty: the tag of the input section
	Events  []byte // MessagePack, one event after the other; not valid after Ack
	Records int

	answer func(stored bool)
	lane   *lane
	number int // in its lane
	parts  []part
	stored bool
}

// NewBatch returns a batch of another origin than a [Delivery], such as a test. Its
// Ack and Nack call answer.
func NewBatch(tag string, events []byte, records int, answer func(stored bool)) *Batch {
	return &Batch{Tag: tag, Events: events, Records: records, answer: answer}
}

// Ack reports that the receiver has stored the batch: its records count as delivered.
func (b *Batch) Ack() { b.answer(true) }

// Nack reports that the receiver has not stored the batch. Next returns it again,
// before all others of its stream that are waiting.
func (b *Batch) Nack() { b.answer(false) }

// part is what one item adds to a batch at a time: what the ledger must know when the
// batch is acknowledged.
type part struct {
	item    *item // nil: a health record
	records int
	bytes   int          // of events
	keys    []ledger.Key // of the records, with dedup
	created []uint32     // CreationTimes in Unix seconds, of the records that have one
	through int          // elements of the item up to the end of the part
}
