package record

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"strconv"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// TooLargeKey is the field that names a record over Options.MaxSize.
const TooLargeKey = "o365_record_too_large"

const (
	headSize     = 32 << 10 // bytes kept of a record that is too large
	maxFieldSize = 1 << 10  // bytes of JSON of a field that is kept
)

// commonFields are the fields that are kept of the head: those of the common schema
// (learn.microsoft.com, Office 365 Management Activity API schema).
var commonFields = map[string]bool{
	"CreationTime": true, "Id": true, "Operation": true, "OrganizationId": true, "RecordType": true,
	"UserId": true, "UserKey": true, "UserType": true, "Version": true, "Workload": true,
}

// skipped is what is kept of a record that is too large.
type skipped struct {
	head  []byte
	sha   hash.Hash // of its JSON text
	size  int64     // bytes of it, so far
	stub  []byte
	field map[string]bool // copied already
}

// skip takes the next part of the record.
func (s *skipped) skip(part []byte) {
	if s.sha == nil {
		s.sha = sha256.New()
	}
	if n := min(len(part), headSize-len(s.head)); n > 0 {
		s.head = append(s.head, part[:n]...)
	}
	s.size += int64(len(part))
	s.sha.Write(part)
}

func (s *skipped) reset() {
	if s.size == 0 {
		return
	}
	s.head, s.size = s.head[:0], 0
	s.sha.Reset()
}

// record returns the JSON text of the small record that replaces the one that was
// skipped: the common fields in its head, and the field TooLargeKey.
func (s *skipped) record(contentID string, index int, offset int64, sum []byte) []byte {
	head, _ := repair(nil, s.head, 6*headSize)
	s.stub = append(s.stub[:0], '{')
	s.field = make(map[string]bool)
	t := transcoder{src: head}
	for i := 0; i >= 0; {
		i = s.copyField(&t, i+1)
	}
	id, _ := json.Marshal(contentID)
	s.stub = append(s.stub, `"`+TooLargeKey+`":{"bytes":`...)
	s.stub = strconv.AppendInt(s.stub, s.size, 10)
	s.stub = append(append(s.stub, `,"content_id":`...), id...)
	s.stub = strconv.AppendInt(append(s.stub, `,"index":`...), int64(index), 10)
	s.stub = strconv.AppendInt(append(s.stub, `,"offset":`...), offset, 10)
	s.stub = append(hex.AppendEncode(append(s.stub, `,"sha256":"`...), sum), `"}}`...)
	return s.stub
}

// copyField copies the field at i that t reads, if it is a common one and all of it is in
// the head. It returns the index of the comma behind it, or a negative number.
func (s *skipped) copyField(t *transcoder, i int) int {
	t.out = t.out[:0]
	i, b := t.next(i)
	if b != '"' {
		return -1
	}
	if i = t.str(i); i < 0 {
		return i
	}
	key := string(t.out[1:]) // the names of common fields have a header of one byte
	if i, b = t.next(i); b != ':' {
		return -1
	}
	from, kind := t.next(i + 1)
	if i = t.value(from, bodyLevel+1); i < 0 {
		return i
	}
	value := t.src[from:i]
	isNumber := kind == '-' || '0' <= kind && kind <= '9'
	if isNumber && i == len(t.src) {
		return -1 // it may go on
	}
	if (isNumber || kind == '"') && commonFields[key] && !s.field[key] && len(value) <= maxFieldSize {
		s.field[key] = true
		s.stub = append(append(s.stub, '"'), key...)
		s.stub = append(append(append(s.stub, '"', ':'), value...), ',')
	}
	if i, b = t.next(i); b != ',' {
		return -1
	}
	return i
}

// stub appends an event for a record that was too large.
func (d *Decoder) stub(buf []byte, index int, el elements.Element) ([]byte, Record, error) {
	var sum [sha256.Size]byte
	d.skipped.sha.Sum(sum[:0])
	text := d.skipped.record(d.contentID, index, el.Offset, sum[:])
	found, err := d.append(buf, text)
	if err != nil {
		return nil, Record{}, err
	}
	rec := d.describe(found, len(buf))
	if el.Loose && len(found.id) == 0 && rec.TimeMissing {
		return nil, Record{}, errNoRecord
	}
	rec.TooLarge = d.skipped.size
	which, hasID := d.idHash(found.id)
	if !hasID {
		which = d.hash(hashWhole, sum[:])
	}
	binary.BigEndian.PutUint64(rec.Key[:8], which)
	copy(rec.Key[8:], sum[:])
	d.last.id, d.last.raw = found.id, text
	return found.out, rec, nil
}
