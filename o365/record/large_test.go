package record

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// What is delivered for a record that is too large: its first fields, and what it
// is known by.
func TestTooLarge(t *testing.T) {
	const limit = 200
	pad := strings.Repeat("x", 300)
	for _, test := range []struct {
		name, record string
		want         string // names and values before the last field
		hasID        bool
	}{
		{"all fields", `{"CreationTime":"2024-05-06T07:08:09","Id":"a","Operation":"Op","OrganizationId":"t","RecordType":8,"UserId":"u","UserKey":"k","UserType":0,"Version":1,"Workload":"w","Data":"` + pad + `"}`,
			"CreationTime 2024-05-06T07:08:09 Id a Operation Op OrganizationId t RecordType 8 UserId u UserKey k UserType 0 Version 1 Workload w", true},
		{"others between them", `{"x":{"Id":"no"},"Id":"a","Id":"b","Item":["` + pad + `"],"Operation":"Op","Data":[]}`, "Id a Operation Op", true},
		{"of another kind", `{"Id":{"Id":"no"},"Operation":null,"UserId":["u"],"RecordType":true,"Workload":"w","Data":"` + pad + `"}`, "Workload w", false},
		{"long ones", `{"Id":"a","UserId":"` + strings.Repeat("u", maxFieldSize) + `","Version":1,"Data":"` + pad + `"}`, "Id a Version 1", true},
		{"as long as may be", `{"Id":"a","UserId":"` + strings.Repeat("u", maxFieldSize-2) + `","Version":1,"Data":"` + pad + `"}`, "Id a UserId " + strings.Repeat("u", maxFieldSize-2) + " Version 1", true},
		{"behind the head", `{"Operation":"Op","Data":"` + strings.Repeat("y", headSize) + `","Id":"a"}`, "Operation Op", false},
		{"cut in a number", `{"Id":"a","Data":"` + strings.Repeat("y", headSize-36) + `","RecordType":123456,"Version":1}`, "Id a", true},
		{"cut in a character", `{"Id":"a","Data":"` + strings.Repeat("é", headSize) + `"}`, "Id a", true},
		{"faults before", "{\"x\":\"\xff\x01\\ud800\",\"Id\":\"\xfe\",\"Data\":\"" + pad + "\"}", "Id \ufffd", true},
		{"a syntax error behind", `{"Id":"a","Data":"` + pad + `",nonsense}`, "Id a", true},
		{"a syntax error before", `{nonsense,"Id":"a","Data":"` + pad + `"}`, "", false},
		{"too large when repaired", `{"Id":"a","Data":"` + strings.Repeat("\x01", limit/2) + `"}`, "Id a", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			body := `[ {"Id":"before"},` + test.record + `,{"Id":"behind"}]`
			for way, chunk := range chunked {
				d := NewDecoder(nil, Options{MaxSize: limit, Now: epoch})
				d.Reset(Body{Reader: chunk(strings.NewReader(body)), ContentID: "id\"\xff"})
				var events []event
				var records []Record
				for {
					out, rec, err := d.Append(nil)
					if err == io.EOF {
						break
					}
					if err != nil {
						t.Fatalf("%s: %v", way, err)
					}
					u := unpacker{out}
					ev, err := u.event()
					if err != nil {
						t.Fatal(err)
					}
					events, records = append(events, ev), append(records, rec)
				}
				if len(events) != 3 || records[0].TooLarge != 0 || records[2].TooLarge != 0 {
					t.Fatalf("%s: %+v", way, records)
				}
				rec, fields := records[1], events[1].body
				if rec.TooLarge != int64(len(test.record)) || rec.Index != 1 {
					t.Errorf("%s: %+v", way, rec)
				}
				if _, id, _ := strings.Cut(test.want, "Id "); test.hasID {
					id, _, _ = strings.Cut(id, " ")
					small, _ := decodeOne(t, `{"Id":"`+id+`"}`, Options{}, false)
					if [8]byte(rec.Key[:]) != [8]byte(small.Key[:]) {
						t.Errorf("%s: key %x is not that of the Id %q", way, rec.Key, id)
					}
				}
				var got []string
				for _, f := range fields[:len(fields)-1] {
					got = append(got, fmt.Sprint(f.name, " ", f.value))
				}
				if strings.Join(got, " ") != test.want {
					t.Errorf("%s: %q, want %q", way, got, test.want)
				}
				sum := sha256.Sum256([]byte(test.record))
				last := fields[len(fields)-1]
				want := fmt.Sprintf("[{bytes %d} {content_id id\"\ufffd} {index 1} {offset 18} {sha256 %x}]", len(test.record), sum)
				if last.name != TooLargeKey || fmt.Sprint(last.value) != want {
					t.Errorf("%s: %s is %v, want %s", way, last.name, last.value, want)
				}
				if binary.BigEndian.Uint64(rec.Key[8:]) != binary.BigEndian.Uint64(sum[:]) {
					t.Errorf("%s: key %x", way, rec.Key)
				}
			}
		})
	}
}

// What counts is the size of what was repaired.
func TestTooLargeWhenRepaired(t *testing.T) {
	const repaired = len(`{"x":"..."}`) // U+FFFD has three bytes
	for limit, whole := range map[int]bool{repaired: true, repaired - 1: false} {
		rec, _ := decodeOne(t, "{\"x\":\"\xff\"}", Options{MaxSize: limit}, false)
		if (rec.TooLarge == 0) != whole {
			t.Errorf("limit %d: %+v", limit, rec)
		}
	}
}

// The record's Id and the stub's are one, its content is another: raise the
// limit, and the record comes whole.
func TestTooLargeKey(t *testing.T) {
	body := `{"Id":"a","Data":"` + strings.Repeat("x", 300) + `"}`
	whole, _ := decodeOne(t, body, Options{}, false)
	stub, _ := decodeOne(t, body, Options{MaxSize: 100}, false)
	if [8]byte(whole.Key[:]) != [8]byte(stub.Key[:]) || whole.Key == stub.Key {
		t.Errorf("%x and %x", whole.Key, stub.Key)
	}
	other, _ := decodeOne(t, body[:len(body)-2]+`y"}`, Options{MaxSize: 100}, false)
	if [8]byte(other.Key[:]) != [8]byte(stub.Key[:]) || other.Key == stub.Key {
		t.Errorf("%x and %x", other.Key, stub.Key)
	}
	d := NewDecoder(strings.NewReader("["+body+","+body+"]"), Options{MaxSize: 100})
	for range 2 { // the second of them is not known by the first
		if _, again, err := d.Append(nil); err != nil || again.Key != stub.Key {
			t.Errorf("%x, want %x, %v", again.Key, stub.Key, err)
		}
	}
	none, _ := decodeOne(t, `{"Data":"`+strings.Repeat("x", 300)+`"}`, Options{MaxSize: 100}, false)
	others, _ := decodeOne(t, `{"Data":"`+strings.Repeat("y", 300)+`"}`, Options{MaxSize: 100}, false)
	if [8]byte(none.Key[:]) == [8]byte(others.Key[:]) {
		t.Errorf("%x and %x", none.Key, others.Key)
	}
}

// A record is too large when it has more bytes than the limit, as it came or repaired.
func TestTooLargeExactly(t *testing.T) {
	for _, body := range []string{`{"Id":"a"}`, "{\"Id\":\"a\x01\"}", "{\"Id\":\"a\xff\"}"} {
		whole, _ := repair(nil, []byte(body), 1000)
		for limit, large := range map[int]bool{len(whole) + 1: false, len(whole): false, len(whole) - 1: true} {
			if rec, _ := decodeOne(t, body, Options{MaxSize: limit}, false); (rec.TooLarge > 0) != large || large && rec.TooLarge != int64(len(body)) {
				t.Errorf("%q with a limit of %d: %+v", body, limit, rec)
			}
		}
	}
}

func TestAdjusted(t *testing.T) {
	if n := (Record{Repaired: 1, Stringified: 2, NumberTexts: 4}).Adjusted(); n != 7 {
		t.Errorf("%d values are adjusted, want 7", n)
	}
}

// Resize is called with the memory of a large record, and when it is over.
func TestResize(t *testing.T) {
	const size = 3 << 20
	body := `[{"Id":"a"},{"Id":"` + strings.Repeat("x", size) + `"},{"Id":"b"},{"Id":"` + strings.Repeat("y", 10*size) + `"},{"Id":"c"}]`
	var asked []int
	d := NewDecoder(nil, Options{MaxSize: 4 << 20})
	d.Reset(Body{Reader: strings.NewReader(body), Resize: func(bytes int) error {
		asked = append(asked, bytes)
		return nil
	}})
	small := func() bool { return len(asked) == 0 || asked[len(asked)-1] <= elements.UnreservedSize }
	for i := range 5 {
		_, rec, err := d.Append(nil)
		if err != nil || rec.Index != i {
			t.Fatalf("%d: %+v, %v", i, rec, err)
		}
		if small() != (i != 1) {
			t.Errorf("record %d: %v", i, asked)
		}
		if i == 1 && d.cut.Held() > size*3/2 {
			t.Errorf("%d bytes are held", d.cut.Held())
		}
		d.Shrink()
		if held := d.cut.Held() + cap(d.fixed) + cap(d.enc.scratch); !small() || held > elements.UnreservedSize {
			t.Errorf("record %d: %d bytes are held, %v", i, held, asked)
		}
	}
	refused := errors.New("no room")
	d.Reset(Body{Reader: strings.NewReader(body), Resize: func(int) error { return refused }})
	if _, _, err := d.Append(nil); err != nil {
		t.Error(err)
	}
	if _, _, err := d.Append(nil); !errors.Is(err, refused) {
		t.Error(err)
	}
}
