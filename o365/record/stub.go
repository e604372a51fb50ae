package record

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// identifying are the fields that stay of a record that is too large: those that
// every audit record has (Management Activity API schema, "Common schema").
var identifying = []string{
	"CreationTime", "Id", "Operation", "OrganizationId", "RecordType", "ResultStatus",
	"UserKey", "UserType", "Version", "Workload", "ClientIP", "ObjectId", "UserId",
}

// stub returns the JSON of what stands for a record that is too large: its
// identifying fields as they come, as far as its beginning has them, and
// o365_record_too_large, an object with Bytes, Index and Offset, which say where
// in its content blob the record is.
func (d *Decoder) stub(el elements.Element, index int) []byte {
	b := append(d.short[:0], '{')
	d.text = *bytes.NewBuffer(el.Head)
	d.json.Reset(&d.text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_, err := d.json.ReadToken() // the brace
	for err == nil && d.json.PeekKind() == '"' {
		var name, value jsontext.Value
		if name, err = d.json.ReadValue(); err != nil {
			break
		}
		wanted := slices.Contains(identifying, string(bytes.Trim(name, `"`)))
		mark := len(b)
		b = append(append(b, name...), ':')
		if value, err = d.json.ReadValue(); err != nil || !wanted || value.Kind() == '{' || value.Kind() == '[' {
			b = b[:mark]
			continue
		}
		b = append(append(b, value...), ',')
	}
	b = append(b, `"o365_record_too_large":{"Bytes":`...)
	b = strconv.AppendInt(b, el.Size, 10)
	b = append(b, `,"Index":`...)
	b = strconv.AppendInt(b, int64(index), 10)
	b = append(b, `,"Offset":`...)
	b = strconv.AppendInt(b, el.Offset, 10)
	b = append(b, "}}"...)
	d.short = b
	return b
}
