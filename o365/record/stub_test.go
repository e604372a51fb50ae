package record

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// What is left of a record that is too large.
func TestStub(t *testing.T) {
	const limit = 2000
	big := strings.Repeat("x", 2*limit)
	for _, tt := range []struct{ name, record, want string }{
		{"all fields first", `{"CreationTime":"2026-11-28T10:00:00","Id":"a","RecordType":28,"Workload":"Exchange","x":"` + big + `"}`,
			"CreationTime=2026-11-28T10:00:00 Id=a RecordType=28 Workload=Exchange"},
		{"behind what is large", `{"Id":"a","x":"` + big + `","Operation":"Set"}`, "Id=a"},
		{"between others", `{"x":{"Id":"no","y":[1,{}]},"Id":"a","UserId":null,"y":1,"Version":1,"z":"` + big + `"}`, "Id=a UserId=<nil> Version=1"},
		{"one of them is large", `{"Id":"a","ObjectId":"` + big + `","UserId":"u"}`, "Id=a"},
		{"one of them is an object", `{"Id":{"a":1},"UserId":"u","x":"` + big + `"}`, "UserId=u"},
		{"not UTF-8", "{\"Id\":\"a\xff\",\"x\":\"" + big + `"}`, "Id=a\ufffd"},
		{"nothing of it", `{"x":"` + big + `","Id":"a"}`, ""},
		{"damaged", `{"Id":"a",,"UserId":"u","x":"` + big + `"}`, "Id=a"},
		{"in its name", `{"` + big + `":1}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := `[{"Id":"first"},` + tt.record + `,{"Id":"last"}]`
			events, records, bad, err := decodeAll(strings.NewReader(body), Options{MaxSize: limit})
			if err != io.EOF || len(events) != 3 || len(bad) > 0 {
				t.Fatalf("%d events, %v, %v", len(events), bad, err)
			}
			var fields []string
			for _, f := range events[1].body[:len(events[1].body)-1] {
				fields = append(fields, fmt.Sprint(f.name, "=", f.value))
			}
			if got := strings.Join(fields, " "); got != tt.want || records[1].TooLarge != int64(len(tt.record)) || records[1].Index != 1 {
				t.Errorf("got %s, %+v", got, records[1])
			}
			last := events[1].body[len(events[1].body)-1]
			want := fmt.Sprintf("[{Bytes %d} {Index 1} {Offset 16}]", len(tt.record))
			if last.name != "o365_record_too_large" || fmt.Sprint(last.value) != want {
				t.Errorf("got %s: %v, want %s", last.name, last.value, want)
			}
			if records[0].TooLarge+records[2].TooLarge != 0 {
				t.Error("others are said to be too large")
			}
		})
	}
}

type gate struct{ held, most, asked int }

func (g *gate) Acquire() error { g.held++; g.asked++; g.most = max(g.most, g.held); return nil }
func (g *gate) Release()       { g.held-- }

// packets gives a body in pieces, as the network does.
type packets struct{ io.Reader }

func (p packets) Read(b []byte) (int, error) { return p.Reader.Read(b[:min(len(b), 16<<10)]) }

// Leave for a large buffer is asked for before each large record, and given back
// behind it.
func TestLargeBuffersAreAskedFor(t *testing.T) {
	var g gate
	large := `{"Id":"a","x":"` + strings.Repeat("x", 3<<20) + `"}`
	small := strings.Repeat(`{"Id":"b","x":"`+strings.Repeat("x", 1000)+`"},`, 500)
	d := NewDecoder(packets{strings.NewReader("[" + large + "," + small + large + "," + small + small + `{}]`)}, Options{})
	d.Ask(&g)
	held := 0
	var buf []byte
	for err := error(nil); err == nil; {
		if buf, _, err = d.Append(buf[:0]); d.cut.Held() > 2<<20 && g.held == 0 {
			held++
		}
	}
	if g.held != 0 || g.most != 1 || g.asked != 2 || held > 0 {
		t.Errorf("%+v, %d records with a large buffer and no leave", g, held)
	}
	d.Reset(strings.NewReader("[" + large[:2<<20]))
	if _, _, err := d.Append(nil); err == nil || g.held != 1 {
		t.Errorf("in the middle of one: %v, %+v", err, g)
	}
	if d.Reset(nil); g.held != 0 {
		t.Error("leave is kept for the next body")
	}
}
