package record

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// decodeOne returns the Record of a record, and its key by the rule of
// schema 1.
func decodeOne(t *testing.T, text string, opt Options, whole bool) (rec Record, old [16]byte) {
	t.Helper()
	d := NewDecoder(strings.NewReader("["+text+"]"), opt)
	_, rec, err := d.Append(nil)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rec, d.OldKey(whole)
}

// Each group is of one Id, and no two groups share theirs.
var sameID = []struct {
	hasID   bool
	records []string
}{
	{true, []string{
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
		`{"Id":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11","x":1}`,
		`{"x":{"Id":"other"},"id":"other","ID":"other","Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}"}`,
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11","Id":"other"}`,
		`{"\u0049d":"\u00610eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`,
	}},
	{true, []string{`{"Id":"a"}`, `{"Id":"\u0061","x":1}`, "{\"Id\":\"a\",\"x\":\"\xff\"}"}},
	{true, []string{`{"Id":"5"}`, `{"Id":5}`}},
	{true, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"}`}},
	{true, []string{`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g"}`}},
	{true, []string{`{"Id":"a0eebc999c0b4ef8bb6d6bb9bd380a110000"}`}},
	{true, []string{`{"Id":"{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`}},
	{false, []string{`{}`}},
	{false, []string{`{"x":1}`, ` {"x":1} `}},
	{false, []string{`{"Id":""}`}},
	{false, []string{`{"Id":null}`}},
	{false, []string{`{"Id":null,"Id":"a"}`}},
	{false, []string{`{"Id":["a"]}`}},
	{false, []string{`{"Id":{"Id":"a"}}`}},
	{false, []string{`{"Id":true}`}},
	{false, []string{`{"Id":"00000000-0000-0000-0000-000000000000"}`}},
	{false, []string{`{"Id":"00000000-0000-0000-0000-000000000000","x":1}`}},
}

func TestKey(t *testing.T) {
	ids := make(map[[8]byte]string)      // by the first half of a key
	contents := make(map[[8]byte]string) // by the second half
	for _, scope := range []string{"", "tenant", "another"} {
		for _, group := range sameID {
			first, _ := decodeOne(t, group.records[0], Options{Scope: scope}, false)
			id := [8]byte(first.Key[:])
			if other, ok := ids[id]; ok {
				t.Errorf("%s has the Id of %s", group.records[0], other)
			}
			ids[id] = group.records[0]
			for _, text := range group.records {
				rec, _ := decodeOne(t, text, Options{Scope: scope}, false)
				if [8]byte(rec.Key[:]) != id {
					t.Errorf("%s has key %x, want %x and more", text, rec.Key, id)
				}
				more := strings.Replace(strings.Replace(text, "}", `,"more":1}`, 1), "{,", "{", 1)
				if strings.Count(text, "}") > 1 {
					more = strings.TrimSuffix(strings.TrimSpace(text), "}") + `,"more":1}`
				}
				extended, _ := decodeOne(t, more, Options{Scope: scope}, false)
				if same := [8]byte(extended.Key[:]) == id; same != group.hasID {
					t.Errorf("%s has the Id of %s: %t, want %t", more, text, same, group.hasID)
				}
				content := [8]byte(rec.Key[8:])
				text = strings.TrimSpace(text)
				if other, ok := contents[content]; ok && other != text {
					t.Errorf("%s has the content of %s", text, other)
				}
				contents[content] = text
			}
		}
	}
}

// Keys are stored: they must be the same in every process and version.
func TestKeyIsStable(t *testing.T) {
	for text, want := range map[string]string{
		`{"Id":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}`: "4125088bbd8fff18861e04170496ecd3",
		`{"Id":"a","x":1}`: "156105cf297e6b56da537b04ea00d8a6",
		`{"x":1}`:          "68ebb139452f566c65c87bd4eb7004b9",
	} {
		if rec, _ := decodeOne(t, text, Options{Scope: "t"}, false); fmt.Sprintf("%x", rec.Key) != want {
			t.Errorf("%s has key %x, want %s", text, rec.Key, want)
		}
	}
}

// What a state file of schema 1 remembers is found by these keys.
func TestOldKey(t *testing.T) {
	seen := make(map[[16]byte]string)
	for _, group := range sameID {
		_, first := decodeOne(t, group.records[0], Options{}, false)
		if other, ok := seen[first]; ok {
			t.Errorf("%s has the key of %s", group.records[0], other)
		}
		seen[first] = group.records[0]
		for _, text := range group.records {
			if _, got := decodeOne(t, text, Options{Scope: "any"}, false); got != first {
				t.Errorf("%s has key %x, want %x", text, got, first)
			}
		}
	}
	guid := [16]byte{0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38, 0x0a, 0x11}
	if _, got := decodeOne(t, sameID[0].records[0], Options{}, false); got != guid {
		t.Errorf("a GUID has key %x", got)
	}
	hashed := func(text string) (half [16]byte) {
		sum := sha256.Sum256([]byte(text))
		copy(half[:], sum[:])
		return half
	}
	for _, test := range []struct {
		text  string
		whole bool
		want  [16]byte
	}{
		{`{"Id":"a","x":1}`, false, hashed("ia")},
		{`{"Id":"a","x":1}`, true, hashed(`w{"Id":"a","x":1}`)},
		{"{\"Id\":\"a\",\"x\":\"\xff\"}", true, hashed("w{\"Id\":\"a\",\"x\":\"\xff\"}")},
		{sameID[0].records[0], true, hashed("w" + sameID[0].records[0])},
		{`{"x":1}`, false, hashed(`w{"x":1}`)},
	} {
		if _, got := decodeOne(t, test.text, Options{}, test.whole); got != test.want {
			t.Errorf("%s, whole %v, has key %x, want %x", test.text, test.whole, got, test.want)
		}
	}
}
