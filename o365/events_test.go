package o365

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

// readEvents takes a batch apart: the JSON text of each event's record, in its
// own order.
func readEvents(t *testing.T, events []byte) [][]byte {
	t.Helper()
	var records [][]byte
	for len(events) > 0 {
		n, rest, err := msgp.ReadArrayHeaderBytes(events)
		if err != nil || n != 2 {
			t.Fatalf("event of %d elements: %v", n, err)
		}
		if rest, err = msgp.Skip(rest); err != nil { // the time
			t.Fatal(err)
		}
		record, rest, err := appendJSON(nil, rest)
		if err != nil {
			t.Fatal(err)
		}
		records, events = append(records, record), rest
	}
	return records
}

func appendJSON(out, b []byte) (_, rest []byte, err error) {
	switch kind := msgp.NextType(b); kind {
	case msgp.MapType, msgp.ArrayType:
		return appendContainer(out, b, kind)
	case msgp.StrType:
		s, rest, err := msgp.ReadStringBytes(b)
		quoted, _ := json.Marshal(s)
		return append(out, quoted...), rest, err
	case msgp.IntType:
		n, rest, err := msgp.ReadInt64Bytes(b)
		return strconv.AppendInt(out, n, 10), rest, err
	case msgp.UintType:
		n, rest, err := msgp.ReadUint64Bytes(b)
		return strconv.AppendUint(out, n, 10), rest, err
	case msgp.Float64Type:
		f, rest, err := msgp.ReadFloat64Bytes(b)
		out = strconv.AppendFloat(out, f, 'g', -1, 64)
		if f == math.Trunc(f) && math.Abs(f) < 1e15 {
			out = append(out, ".0"...)
		}
		return out, rest, err
	case msgp.BoolType:
		v, rest, err := msgp.ReadBoolBytes(b)
		return strconv.AppendBool(out, v), rest, err
	case msgp.NilType:
		rest, err := msgp.ReadNilBytes(b)
		return append(out, "null"...), rest, err
	default:
		return nil, nil, fmt.Errorf("unexpected %s", kind)
	}
}

func appendContainer(out, b []byte, kind msgp.Type) (_, rest []byte, err error) {
	read, brackets := msgp.ReadArrayHeaderBytes, "[]"
	if kind == msgp.MapType {
		read, brackets = msgp.ReadMapHeaderBytes, "{}"
	}
	n, b, err := read(b)
	out = append(out, brackets[0])
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		if kind == msgp.MapType && err == nil {
			out, b, err = appendJSON(out, b)
			out = append(out, ':')
		}
		if err == nil {
			out, b, err = appendJSON(out, b)
		}
	}
	return append(out, brackets[1]), b, err
}
