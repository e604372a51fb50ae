package record

import (
	"io"
	"strings"
	"testing"
)

func keysOf(t *testing.T, record string, opt Options) Record {
	t.Helper()
	_, records, _, err := decodeAll(strings.NewReader("["+record+"]"), opt)
	if err != io.EOF || len(records) != 1 {
		t.Fatalf("%s: %d events, %v", record, len(records), err)
	}
	return records[0]
}

// The old key of a GUID is its bytes, however it is written.
func TestOldKey(t *testing.T) {
	guid := [16]byte{0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11}
	for _, record := range []string{
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
		`{"Id":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11","x":1}`,
		`{"x":{"Id":"other"},"id":"other","ID":"other","Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}`,
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","Id":"other"}`,
		`{"\u0049d":"\u00610eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
	} {
		if got := keysOf(t, record, Options{Old: OldByID}); got.Old != guid || !got.HasID {
			t.Errorf("%s has old key %x, %t", record, got.Old, got.HasID)
		}
		if got := keysOf(t, record, Options{}); got.Old != [16]byte{} {
			t.Errorf("%s has old key %x", record, got.Old)
		}
		a, b := keysOf(t, record, Options{Old: OldWhole}), keysOf(t, strings.Replace(record, "}", ` }`, 1), Options{Old: OldWhole})
		if a.Old == guid || a.Old == b.Old {
			t.Errorf("%s has old key %x as a whole", record, a.Old)
		}
	}
}

// Each group is one Id, and no two groups share theirs. What else is in the record
// makes the second half, and the tenant is a part of the first.
func TestKey(t *testing.T) {
	seen := map[[8]byte]string{}
	contents := map[[8]byte]string{}
	for _, group := range []struct {
		hasID   bool
		records []string
	}{
		{true, []string{
			`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
			`{"Id":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11","x":1}`,
			`{"Id":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11","x":2}`,
			`{"x":{"Id":"other"},"id":"other","ID":"other","Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}`,
		}},
		{true, []string{`{"Id":"a"}`, `{"Id":"\u0061","x":1}`, "{\"Id\":\"a\",\"x\":\"\xfe\"}", "{\"Id\":\"a\",\"x\":\"\xff\"}"}},
		{true, []string{`{"Id":"5"}`, `{"Id":5}`}},
		{true, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"}`}},
		{true, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"}`}},
		{true, []string{`{"Id":"a0eebc999c0b4ef8bb6d6bb9bd380a110000"}`}},
		{true, []string{`{"Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`}},
		{false, []string{`{}`}},
		{false, []string{`{"x":1}`}},
		{false, []string{`{"Id":""}`}},
		{false, []string{`{"Id":null}`}},
		{false, []string{`{"Id":null,"Id":"a"}`}},
		{false, []string{`{"Id":["a"]}`}},
		{false, []string{`{"Id":{"Id":"a"}}`}},
		{false, []string{`{"Id":true}`}},
		{false, []string{`{"Id":"00000000-0000-0000-0000-000000000000"}`}},
		{false, []string{`{"Id":"00000000-0000-0000-0000-000000000000","x":1}`}},
	} {
		for _, tenant := range []string{"", "11111111-2222-4333-8444-55555555555a"} {
			first := keysOf(t, group.records[0], Options{Tenant: tenant})
			id := [8]byte(first.Key[:8])
			for _, record := range group.records {
				got := keysOf(t, record, Options{Tenant: strings.ToUpper(tenant)})
				if [8]byte(got.Key[:8]) != id || got.HasID != group.hasID {
					t.Errorf("%s has key %x, %t, want %x, %t", record, got.Key, got.HasID, id, group.hasID)
				}
				content := [8]byte(got.Key[8:])
				if other, ok := contents[content]; ok && other != record {
					t.Errorf("%s has the content of %s", record, other)
				}
				contents[content] = record
			}
			if other, ok := seen[id]; ok {
				t.Errorf("%s has the Id of %s", group.records[0], other)
			}
			seen[id] = group.records[0] + tenant
		}
	}
}
