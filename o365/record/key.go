package record

import (
	"encoding/hex"

	"github.com/go-json-experiment/json/jsontext"
)

// The hashes of different things are kept apart by their first byte.
const (
	hashID    = 'i'
	hashWhole = 'w'
)

// key returns what the record is known by, from the JSON text of its Id and of
// all of it.
func (d *Decoder) key(id, raw []byte) (key [16]byte, hasID bool) {
	text := d.idText(id)
	key, isGUID := guid(text)
	hasID = len(text) > 0 && (!isGUID || key != [16]byte{})
	switch {
	case !hasID || d.opt.WholeKey:
		key = d.digest(hashWhole, raw)
	case !isGUID:
		key = d.digest(hashID, text)
	}
	return key, hasID
}

// idText returns the Id itself, nothing unless it is a string or a number.
func (d *Decoder) idText(id []byte) []byte {
	if len(id) == 0 {
		return nil
	}
	switch b := id[0]; {
	case b == '"':
		d.id, _ = jsontext.AppendUnquote(d.id[:0], id)
		return d.id
	case b == '-' || '0' <= b && b <= '9':
		return id
	}
	return nil
}

// digest returns the first half of a SHA-256.
func (d *Decoder) digest(domain byte, text []byte) (key [16]byte) {
	d.sum[0] = domain
	d.hash.Reset()
	d.hash.Write(d.sum[:1])
	d.hash.Write(text)
	copy(key[:], d.hash.Sum(d.sum[:0]))
	return key
}

// guid reads xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx, with or without braces.
func guid(text []byte) (key [16]byte, ok bool) {
	if len(text) == 38 && text[0] == '{' && text[37] == '}' {
		text = text[1:37]
	}
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return key, false
	}
	var digits [32]byte
	n := copy(digits[:], text[:8])
	n += copy(digits[n:], text[9:13])
	n += copy(digits[n:], text[14:18])
	n += copy(digits[n:], text[19:23])
	copy(digits[n:], text[24:])
	_, err := hex.Decode(key[:], digits[:])
	return key, err == nil
}
