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

// bodies are blobs, whole and damaged.
var bodies = []struct {
	name, body string
	want       string // Ids of the events and offsets of the Malformed
	end        string
}{
	{"empty array", `[]`, "", "EOF"},
	{"white space", " \t[\r\n] \n", "", "EOF"},
	{"byte order mark", "\ufeff[{\"Id\":\"a\"}]", "a", "EOF"},
	{"several", `[{"Id":"a"},{"Id":"b"} , {"Id":"c"}]` + "\r\n", "a b c", "EOF"},

	{"nothing", ``, "", truncated},
	{"only space", "  \n", "", truncated},
	{"only byte order mark", "\ufeff", "", truncated},
	{"ends in the mark", "\xef\xbb", "", elements.ErrNotArray.Error()},
	{"ends behind the bracket", `[`, "", truncated},
	{"ends behind a record", `[{"Id":"a"}`, "a", truncated},
	{"ends behind a comma", `[{"Id":"a"},`, "a", truncated},
	{"ends in a record", `[{"Id":"a"},{"Id":"b"`, "a", truncated},
	{"ends in a string", `[{"Id":"a"},{"Id":"b`, "a", truncated},
	{"ends in an escape", `[{"Id":"a"},{"Id":"b\`, "a", truncated},
	{"ends behind an inner array", `[{"Id":"a"},{"Id":"b","c":[]`, "a", truncated},
	{"ends in a word", `[{"Id":"a"},tru`, "a", truncated},

	{"error object", `{"error":{"code":"AF20024"}}`, "", "body is not a JSON array: it begins with an object"},
	{"page", `<html>[{"Id":"a"}]`, "", "body is not a JSON array: it begins with markup"},
	{"text", `AF50000`, "", elements.ErrNotArray.Error()},
	{"UTF-16", "\xff\xfe[\x00]\x00", "", elements.ErrNotArray.Error()},

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
	{"only commas", `[,,]`, "!1 !2 !3", "EOF"},
	{"no comma between records", `[{"Id":"a"}{"Id":"b"} {"Id":"c"}]`, "a b c", "EOF"},

	{"brace missing", `[{"Id":"a"},{"x":{"y":1},{"Id":"b"},{"Id":"c"}]`, "a !12 b c", "EOF"},
	{"brace missing in the last", `[{"Id":"a"},{"x":{"y":1}]` + "\n", "a !12", "EOF"},
	{"brace too many", `[{"Id":"a"}},{"Id":"b"}]`, "a !11 b", "EOF"},
	{"bracket missing", `[{"x":[1},{"Id":"b"}]`, "!1 b", "EOF"},
	{"bracket missing, no record behind", `[{"x":[1},5,{"Id":"b"}]`, "!1 !10 b", "EOF"},
	{"bracket too many", `[{"x":1],"y":2},{"Id":"b"}]`, "!1 b", "EOF"},
	{"bracket too many behind a pair", `[{"x":[1],"y":2],"z":3},{"Id":"b"}]`, "!1 b", "EOF"},
	{"crossed", `[{"x":[{"y":1]},{"Id":"b"}]`, "!1 b", "EOF"},
	{"inner brace missing", `[{"x":[{"y":1,{"z":2}]},{"Id":"b"}]`, "!1 b", "EOF"},
	{"quote missing", `[{"Id":"a"},{"x":"y},{"Id":"b"}]`, "a", truncated},

	{"text behind", `[{"Id":"a"}] x`, "a !13", "EOF"},
	{"zero behind", "[{\"Id\":\"a\"}]\x00", "a !12", "EOF"},
	{"array behind", `[{"Id":"a"}][{"Id":"b"}]`, "a !12", "EOF"},
	{"array closed too early", `[{"Id":"a"}],{"Id":"b"}]`, "a !12", "EOF"},
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
					if errors.Is(m, io.ErrUnexpectedEOF) || errors.Is(m, io.EOF) {
						t.Errorf("%v looks like the end of the body", m)
					}
				}
				if got := strings.Join(got, " "); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
			})
		}
	}
}

func TestEndErrors(t *testing.T) {
	for body, want := range map[string]error{
		`[`:  io.ErrUnexpectedEOF,
		``:   io.ErrUnexpectedEOF,
		`{}`: elements.ErrNotArray,
		`[]`: io.EOF,
	} {
		if _, _, _, err := decodeAll(strings.NewReader(body), Options{}); !errors.Is(err, want) {
			t.Errorf("%q ends with %v, want %v", body, err, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	broken := errors.New("connection reset")
	for _, c := range []struct {
		name   string
		body   string
		r      io.Reader
		events int
		want   error
	}{
		{"at once", ``, iotest.ErrReader(broken), 0, broken},
		{"in a record", `[{"Id":"a"},{"Id":"b"},{"Id`, iotest.ErrReader(broken), 2, broken},
		{"between records", `[{"Id":"a"},`, iotest.ErrReader(broken), 1, broken},
		{"in a string", `[{"Id":"a"},{"Id":"`, iotest.ErrReader(broken), 1, broken},
		{"behind the array", `[{"Id":"a"}]`, iotest.ErrReader(broken), 1, broken},
		{"behind what follows", `[{"Id":"a"}] x`, iotest.ErrReader(broken), 1, broken},
		{"cut by the transport", `[{"Id":"a"}`, iotest.ErrReader(io.ErrUnexpectedEOF), 1, io.ErrUnexpectedEOF},
		{"behind a bracket of no array", `[{"x":{"y":1}]`, iotest.ErrReader(broken), 0, broken},
		{"no progress", `[{"Id":"a"},`, stuck{}, 1, io.ErrNoProgress},
	} {
		t.Run(c.name, func(t *testing.T) {
			events, _, _, err := decodeAll(io.MultiReader(strings.NewReader(c.body), c.r), Options{})
			if len(events) != c.events || !errors.Is(err, c.want) || err == c.want {
				t.Errorf("%d events, then %v; want %d, then %v wrapped", len(events), err, c.events, c.want)
			}
		})
	}
}

// stuck is a reader that never comes to anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

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
		"behind":       io.MultiReader(strings.NewReader(`[]`), io.LimitReader(cycle(record), size)),
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
