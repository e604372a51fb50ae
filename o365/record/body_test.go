package record

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
)

// chunked are ways in which one body can arrive.
var chunked = map[string]func(io.Reader) io.Reader{
	"whole":       func(r io.Reader) io.Reader { return r },
	"one byte":    iotest.OneByteReader,
	"half":        iotest.HalfReader,
	"end at once": iotest.DataErrReader,
}

const truncated = "body ends before its array: unexpected EOF"

// bodies are blobs, whole and damaged. How an array is cut is tested with package
// elements.
var bodies = []struct {
	name, body string
	want       string // Ids of the events and offsets of the Malformed; ~: loose
	end        string
}{
	{"several", `[{"Id":"a"},{"Id":"b"} , {"Id":"c"}]` + "\r\n", "a b c", "EOF"},
	{"ends in a record", `[{"Id":"a"},{"Id":"b"`, "a", truncated},
	{"error object", `{"error":{"code":"AF20024"}}`, "", "body is not a JSON array: it begins with an object that is no record"},
	{"no objects", `[1,"x]",null,[{"Id":"n"}],-1.5e3,{"Id":"a"},true]`, "!1 !3 !8 !13 !26 a !44", "EOF"},
	{"junk", `[what}is:this,{"Id":"a"}]`, "!1 a", "EOF"},
	{"no comma in a record", `[{"Id":"a"},{"x":1 "y":2},{"Id":"b"}]`, "a !12 b", "EOF"},
	{"a comma too many in a record", `[{"x":1,},{"Id":"b"}]`, "!1 b", "EOF"},
	{"no value", `[{"x":},{"x"},{"Id":"b"}]`, "!1 !8 b", "EOF"},
	{"bad literals", `[{"x":NaN},{"x":tru},{"x":01},{"x":1.},{"x":+1},{"x":.5},{'x':1},{"Id":"b"}]`,
		"!1 !11 !21 !30 !39 !48 !57 b", "EOF"},
	{"bad escapes", `[{"x":"\x41"},{"x":"\u12g4"},{"x":"\u12"},{"Id":"b"}]`, "!1 !14 !29 b", "EOF"},
	{"bad UTF-8 outside strings", "[{\xff\"x\":1},{\"Id\":\"b\"}]", "!1 b", "EOF"},
	{"damaged beyond repair", "[{\"x\":\"\xff\",},{\"Id\":\"b\"}]", "!1 b", "EOF"},
	{"repaired", "[{\"Id\":\"a\",\"x\":\"\xff\"},{\"Id\":\"b\"}]", "a b", "EOF"},
	{"too deep to read", `[{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `},{"Id":"b"}]`, "!1 b", "EOF"},
	{"nothing between commas", `[,{"Id":"a"},,{"Id":"b"},]`, "!1 a !13 b !25", "EOF"},
	{"brace missing", `[{"Id":"a"},{"x":{"y":1},{"Id":"b"},{"Id":"c"}]`, "a !12 b c", "EOF"},
	{"bracket missing", `[{"x":[1},{"Id":"b"}]`, "!1 b", "EOF"},
	{"crossed", `[{"x":[{"y":1]},{"Id":"b"}]`, "!1 b", "EOF"},
	{"text behind", `[{"Id":"a"}] x`, "a ~!13", "EOF"},
	{"zero behind", "[{\"Id\":\"a\"}]\x00", "a ~!12", "EOF"},
	{"text behind an empty array", `[]x`, "~!2", "EOF"},
	{"error object behind", `[{"Id":"a"}]{"error":{"code":"AF50000"}}`, "a ~!12", "EOF"},
	{"error object behind an empty array", `[]{"error":{"code":"AF50000"}}`, "~!2", "EOF"},
	{"error object behind a line", `{"Id":"a"}` + "\n" + `{"error":{"code":"AF50000"}}`, "a ~!11", "EOF"},
	{"two arrays", `[{"Id":"a"}][{"Id":"b"},1,{"x":1,},{"Id":"c"}]`, "a b !24 !26 c", "EOF"},
	{"two arrays with marks", "\ufeff[{\"Id\":\"a\"}]\n\ufeff[{\"Id\":\"b\"}]", "a b", "EOF"},
	{"second array is cut short", `[{"Id":"a"}][{"Id":"b"},{"Id":`, "a b", truncated},
	{"an array behind text", `[{"Id":"a"}] x [{"Id":"b"},{"y":1}]`, "a ~!13 b ~!27", "EOF"},
	{"one object", `{"Id":"a"}`, "a", "EOF"},
	{"one object without an Id", `{"Operation":"a","CreationTime":"2024-05-06T07:08:09"}`, "a", "EOF"},
	{"one a line", "\ufeff" + `{"Id":"a"}` + "\n" + `{"Id":"b"}` + "\r\n", "a b", "EOF"},
	{"one a line is cut short", `{"Id":"a"}` + "\n" + `{"Id":"b"`, "a", truncated},
	{"a bad line", `{"Id":"a"}` + "\n" + `{"Id":tru}` + "\n" + `{"Id":"b"}`, "a ~!11 b", "EOF"},
	{"a bad line at first", `{"Id":tru}` + "\n" + `{"Id":"b"}`, "~!0 b", "EOF"},
	{"only bad lines", `{"Id":tru}` + "\n" + `{'error':{'code':'AF429'}}`, "~!0 ~!11", elements.ErrNotArray.Error()},
	{"object of another kind at first", `{"x":1}` + "\n" + `{"Id":"b"}`, "", "body is not a JSON array: it begins with an object that is no record"},
}

func TestBodies(t *testing.T) {
	for _, c := range bodies {
		for way, chunk := range chunked {
			t.Run(c.name+"/"+way, func(t *testing.T) {
				events, records, bad, err := decodeAll(chunk(strings.NewReader(c.body)), Options{})
				if err == nil || err.Error() != c.end {
					t.Errorf("ended with %v, want %s", err, c.end)
				}
				got := make([]string, len(records)+len(bad))
				for i, rec := range records {
					got[rec.Index] = fmt.Sprint(events[i].body[0].value)
				}
				for _, m := range bad {
					got[m.Index] = fmt.Sprint("!", m.Offset)
					if m.Loose {
						got[m.Index] = "~" + got[m.Index]
					}
					if errors.Is(m, io.ErrUnexpectedEOF) || errors.Is(m, io.EOF) {
						t.Errorf("%v is taken for the end of the body", m)
					}
				}
				if got := strings.Join(got, " "); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
	}
}

func TestMaxSize(t *testing.T) {
	const limit = 100
	pad := func(id string, size int) string {
		s := `{"Id":"` + id + `","x":"`
		return s + strings.Repeat(`\"`, (size-len(s)-2)/2) + strings.Repeat("x", (size-len(s)-2)%2) + `"}`
	}
	body := "[" + strings.Join([]string{
		pad("a", limit), pad("b", limit+1), pad("c", limit), pad("d", 100*limit), pad("e", 50),
		strings.Repeat("[", 1000) + strings.Repeat("]", 1000),
		`"` + strings.Repeat(`\\`, 1000) + `"`, strings.Repeat("1", 1000), pad("f", 50),
	}, " , ") + "]"
	for way, chunk := range chunked {
		events, records, bad, err := decodeAll(chunk(strings.NewReader(body)), Options{MaxSize: limit})
		var ids []string
		for i, ev := range events {
			id := ev.body[0].value.(string)
			if records[i].TooLarge > 0 {
				id = fmt.Sprint(" ", id, " ", records[i].TooLarge, " ")
			}
			ids = append(ids, id)
		}
		if got := strings.Join(ids, ""); got != "a b 101 c d 10000 ef" || err != io.EOF {
			t.Errorf("%s: %s, then %v", way, got, err)
		}
		if len(bad) != 3 { // what is no object, whatever its size
			t.Errorf("%s: %d elements not used, want 3", way, len(bad))
		}
	}
}

// TestMemory reads much more than it may hold.
func TestMemory(t *testing.T) {
	const size = 16 << 20
	record := `{"Id":"a","x":"` + strings.Repeat("x", 1000) + `"}`
	for name, body := range map[string]io.Reader{
		"many records": io.MultiReader(strings.NewReader("["), io.LimitReader(cycle(record+","), size), strings.NewReader("1]")),
		"one record":   io.MultiReader(strings.NewReader(`[{"x":[`), io.LimitReader(cycle(record+","), size), strings.NewReader(`1]}]`)),
		"one string":   io.MultiReader(strings.NewReader(`[{"x":"`), io.LimitReader(cycle(`\"`), size), strings.NewReader(`"}]`)),
		"brackets":     io.MultiReader(strings.NewReader(`[`), io.LimitReader(cycle(`{"x":[`), size), strings.NewReader(`1]`)),
		"behind":       io.MultiReader(strings.NewReader(`[]`), io.LimitReader(cycle("text "), size)),
		"lines":        io.LimitReader(cycle(record+"\n"), size),
		"arrays":       io.LimitReader(cycle("["+record+"]"), size),
		"text between": io.LimitReader(cycle("["+record+"] text {}"), size),
		"one line":     io.MultiReader(strings.NewReader(`{"Id":[`), io.LimitReader(cycle(record+","), size), strings.NewReader(`1]}`)),
	} {
		d := NewDecoder(body, Options{MaxSize: 1 << 20})
		var err error
		var buf []byte
		for m := (*Malformed)(nil); err == nil || errors.As(err, &m); {
			buf, _, err = d.Append(buf[:0])
		}
		if held := d.cut.Held() + cap(buf) + cap(d.fixed); held > 4<<20 {
			t.Errorf("%s: %d bytes held, then %v", name, held, err)
		}
	}
}

// cycle reads the same text again and again.
func cycle(text string) io.Reader { return &cycler{text: text} }

type cycler struct {
	text string
	pos  int
}

func (c *cycler) Read(p []byte) (n int, _ error) {
	for n < len(p) {
		m := copy(p[n:], c.text[c.pos:])
		n += m
		c.pos = (c.pos + m) % len(c.text)
	}
	return n, nil
}
