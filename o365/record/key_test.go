package record

import (
	"io"
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	key := func(record string, opt Options) ([16]byte, bool) {
		t.Helper()
		_, records, _, err := decodeAll(strings.NewReader("["+record+"]"), opt)
		if err != io.EOF || len(records) != 1 {
			t.Fatalf("%s: %d events, %v", record, len(records), err)
		}
		return records[0].Key, records[0].HasID
	}
	guid := [16]byte{0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11}
	for _, record := range []string{
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
		`{"Id":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11","x":1}`,
		`{"x":{"Id":"other"},"id":"other","ID":"other","Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}`,
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","Id":"other"}`,
		`{"\u0049d":"\u00610eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
	} {
		if got, ok := key(record, Options{}); got != guid || !ok {
			t.Errorf("%s has key %x, %t", record, got, ok)
		}
	}

	// Each group is one key, and no two groups share theirs.
	seen := map[[16]byte]string{guid: "the GUID"}
	for _, group := range []struct {
		hasID   bool
		opt     Options
		records []string
	}{
		{true, Options{}, []string{`{"Id":"a"}`, `{"Id":"\u0061","x":1}`}},
		{true, Options{}, []string{`{"Id":"5"}`, `{"Id":5}`}},
		{true, Options{}, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"}`}},
		{true, Options{}, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"}`}},
		{true, Options{}, []string{`{"Id":"a0eebc999c0b4ef8bb6d6bb9bd380a110000"}`}},
		{true, Options{}, []string{`{"Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`}},
		{false, Options{}, []string{`{}`}},
		{false, Options{}, []string{`{"x":1}`, ` {"x":1} `}},
		{false, Options{}, []string{`{"Id":""}`}},
		{false, Options{}, []string{`{"Id":null}`}},
		{false, Options{}, []string{`{"Id":null,"Id":"a"}`}},
		{false, Options{}, []string{`{"Id":["a"]}`}},
		{false, Options{}, []string{`{"Id":{"Id":"a"}}`}},
		{false, Options{}, []string{`{"Id":true}`}},
		{false, Options{}, []string{`{"Id":"00000000-0000-0000-0000-000000000000"}`}},
		{false, Options{}, []string{`{"Id":"00000000-0000-0000-0000-000000000000","x":1}`}},
		{true, Options{WholeKey: true}, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`}},
		{true, Options{WholeKey: true}, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","x":1}`}},
		{true, Options{WholeKey: true}, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","x":2}`}},
		{true, Options{WholeKey: true}, []string{"{\"Id\":\"a\",\"x\":\"\xfe\"}"}},
		{true, Options{WholeKey: true}, []string{"{\"Id\":\"a\",\"x\":\"\xff\"}"}},
	} {
		first, _ := key(group.records[0], group.opt)
		for _, record := range group.records {
			if got, ok := key(record, group.opt); got != first || ok != group.hasID {
				t.Errorf("%s has key %x, %t, want %x, %t", record, got, ok, first, group.hasID)
			}
		}
		if other, ok := seen[first]; ok {
			t.Errorf("%s has the key of %s", group.records[0], other)
		}
		seen[first] = group.records[0]
	}
}
