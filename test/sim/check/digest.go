package check

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Digest is a hash of a record's content.
type Digest [16]byte

// Digester hashes records. Two records have the same one when they
// hold the same members in the same order, strings that are equal once
// unescaped, and numbers of the same kind and value: integers by their decimal
// digits, and what is written with a point or an exponent by its 64-bit float.
// So 26.0, 26.00 and 2.6e1 are the same, 26 is another, and so is a big integer
// that lost its last digits.
//
// The zero value is ready. It is for one goroutine at a time.
type Digester struct {
	Ignore []string // names of members of the record itself that do not count

	dec  *jsontext.Decoder
	buf  []byte
	text []byte
}

// Digest returns the digest of one record, and its Id, "" if it has none. It fails
// for what is not a single JSON value.
func (d *Digester) Digest(record []byte) (sum Digest, id string, err error) {
	if d.dec == nil {
		d.dec = new(jsontext.Decoder)
	}
	dec := d.dec
	dec.Reset(bytes.NewReader(record), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d.buf = d.buf[:0]
	isID := false
	for {
		switch kind := dec.PeekKind(); kind {
		case '{', '}', '[', ']':
			if _, err := dec.ReadToken(); err != nil {
				return sum, "", err
			}
			d.buf = append(d.buf, byte(kind))
		default:
			value, err := dec.ReadValue()
			if err != nil {
				return sum, "", fmt.Errorf("record: %w", err)
			}
			if err := d.scalar(kind, value); err != nil {
				return sum, "", err
			}
			if isID {
				id, isID = string(d.text), false
			}
			if dec.StackDepth() == 1 && isName(dec) {
				isID = string(d.text) == "Id"
				if slices.Contains(d.Ignore, string(d.text)) {
					d.buf = d.buf[:len(d.buf)-len(d.text)-9]
					if err := dec.SkipValue(); err != nil {
						return sum, "", err
					}
				}
			}
		}
		if dec.StackDepth() == 0 {
			break
		}
	}
	if rest := bytes.TrimSpace(record[dec.InputOffset():]); len(rest) > 0 {
		return sum, "", fmt.Errorf("record: %d bytes behind its end", len(rest))
	}
	full := sha256.Sum256(d.buf)
	return Digest(full[:16]), id, nil
}

// isName reports whether the last string was the name of one of the record's own
// members.
func isName(dec *jsontext.Decoder) bool {
	kind, n := dec.StackIndex(1)
	return kind == '{' && n%2 == 1
}

// scalar appends a value that is not a container.
func (d *Digester) scalar(kind jsontext.Kind, value jsontext.Value) error {
	switch kind {
	case '"':
		var err error
		if d.text, err = jsontext.AppendUnquote(d.text[:0], value); err != nil {
			return fmt.Errorf("string: %w", err)
		}
		d.buf = append(d.buf, '"')
		d.buf = binary.BigEndian.AppendUint64(d.buf, uint64(len(d.text)))
		d.buf = append(d.buf, d.text...)
	case '0':
		if bytes.ContainsAny(value, ".eE") {
			f, err := strconv.ParseFloat(string(value), 64)
			if err != nil {
				return fmt.Errorf("number: %w", err)
			}
			d.buf = binary.BigEndian.AppendUint64(append(d.buf, 'f'), math.Float64bits(f))
			return nil
		}
		d.buf = append(append(append(d.buf, 'i'), value...), ';')
	default:
		d.buf = append(d.buf, byte(kind))
	}
	return nil
}
