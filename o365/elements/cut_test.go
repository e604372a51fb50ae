package elements

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

// chunked are ways in which one body can arrive.
var chunked = map[string]func(io.Reader) io.Reader{
	"whole":       func(r io.Reader) io.Reader { return r },
	"one byte":    iotest.OneByteReader,
	"half":        iotest.HalfReader,
	"end at once": iotest.DataErrReader,
}

// validPrefixes are functions for NewCutter, nil included.
var validPrefixes = map[string]func(text []byte) int{
	"by brackets": nil,
	"by JSON": func(text []byte) int {
		value, _ := jsontext.NewDecoder(strings.NewReader(string(text)), jsontext.AllowDuplicateNames(true)).ReadValue()
		return len(value)
	},
}

const truncated = "body ends before its array: unexpected EOF"

// bodies are arrays, whole and damaged.
var bodies = []struct {
	name, body string
	want       string // Ids of the objects, ? and the offset of those without, ! and that of what is none; ~: loose
	end        string
}{
	{"white space", " \t[\r\n] \n", "", "EOF"},
	{"byte order mark", "\ufeff[{\"Id\":\"a\"}]", "a", "EOF"},
	{"several", `[{"Id":"a"},{"Id":"b"} , {"Id":"c"}]` + "\r\n", "a b c", "EOF"},

	{"nothing", ``, "", truncated},
	{"only space", "  \n", "", truncated},
	{"only byte order mark", "\ufeff", "", truncated},
	{"byte order marks", "\ufeff\n\ufeff[{\"Id\":\"a\"}]\ufeff\n\ufeff[{\"Id\":\"b\"}]\n\ufeff", "a b", "EOF"},
	{"ends in the mark", "\xef\xbb", "", ErrNotArray.Error()},
	{"ends behind the bracket", `[`, "", truncated},
	{"ends behind a record", `[{"Id":"a"}`, "a", truncated},
	{"ends behind a comma", `[{"Id":"a"},`, "a", truncated},
	{"ends in a record", `[{"Id":"a"},{"Id":"b"`, "a", truncated},
	{"ends in a string", `[{"Id":"a"},{"Id":"b`, "a", truncated},
	{"ends in an escape", `[{"Id":"a"},{"Id":"b\`, "a", truncated},
	{"ends behind an inner array", `[{"Id":"a"},{"Id":"b","c":[]`, "a", truncated},
	{"ends in a word", `[{"Id":"a"},tru`, "a", truncated},

	{"error object", `{"error":{"code":"AF20024"}}`, "~?0", "EOF"},
	{"page", `<html>[{"Id":"a"}]`, "", "body is not a JSON array: it begins with markup"},
	{"text", `AF50000`, "", ErrNotArray.Error()},
	{"UTF-16", "\xff\xfe[\x00]\x00", "", ErrNotArray.Error()},

	{"no objects", `[1,"x]",null,[{"Id":"n"}],-1.5e3,{"Id":"a"},true]`, "!1 !3 !8 !13 !26 a !44", "EOF"},
	{"junk", `[what}is:this,{"Id":"a"}]`, "!1 a", "EOF"},
	{"too deep to read", `[{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `},{"Id":"b"}]`, "?1 b", "EOF"},
	{"nothing between commas", `[,{"Id":"a"},,{"Id":"b"},]`, "!1 a !13 b !25", "EOF"},
	{"only commas", `[,,]`, "!1 !2 !3", "EOF"},
	{"no comma between records", `[{"Id":"a"}{"Id":"b"} {"Id":"c"}]`, "a b c", "EOF"},

	{"brace missing", `[{"Id":"a"},{"x":{"y":1},{"Id":"b"},{"Id":"c"}]`, "a !12 b c", "EOF"},
	{"brace missing in the last", `[{"Id":"a"},{"x":{"y":1}]` + "\n", "a !12", "EOF"},
	{"brace too many", `[{"Id":"a"}},{"Id":"b"}]`, "a !11 b", "EOF"},
	{"comma missing in a record", `[{"x":{}{"y":1}},{"Id":"b"}]`, "?1 b", "EOF"},
	{"bracket missing", `[{"x":[1},{"Id":"b"}]`, "?1 b", "EOF"},
	{"bracket missing, no record behind", `[{"x":[1},5,{"Id":"b"}]`, "?1 !10 b", "EOF"},
	{"bracket too many", `[{"x":1],"y":2},{"Id":"b"}]`, "?1 b", "EOF"},
	{"bracket too many behind a pair", `[{"x":[1],"y":2],"z":3},{"Id":"b"}]`, "?1 b", "EOF"},
	{"crossed", `[{"x":[{"y":1]},{"Id":"b"}]`, "?1 b", "EOF"},
	{"inner brace missing", `[{"x":[{"y":1,{"z":2}]},{"Id":"b"}]`, "?1 b", "EOF"},
	{"quote missing", `[{"Id":"a"},{"x":"y},{"Id":"b"}]`, "a", truncated},

	{"text behind", `[{"Id":"a"}] x`, "a !13", "EOF"},
	{"zero behind", "[{\"Id\":\"a\"}]\x00", "a !12", "EOF"},
	{"zeros behind", "[{\"Id\":\"a\"}]" + strings.Repeat("\x00", 200<<10), "a !12", "EOF"},
	{"part of a mark behind", "[{\"Id\":\"a\"}]\xef\xbb", "a !12", "EOF"},
	{"array behind", `[{"Id":"a"}][{"Id":"b"}]`, "a b", "EOF"},
	{"arrays behind", `[] [{"Id":"a"}]` + "\n[\n]" + `[,{"Id":"b"},]` + "\n", "a !20 b !32", "EOF"},
	{"array behind is cut short", `[{"Id":"a"}][{"Id":"b"},{"Id":`, "a b", truncated},
	{"array behind has no end", `[{"Id":"a"}][`, "a", truncated},
	{"array behind text", `[{"Id":"a"}] x [{"Id":"b"},{"y":1}]`, "a !13 ~b ~?27", "EOF"},
	{"array behind text has no end", `[{"Id":"a"}]x[{"Id":"b"},`, "a !12 ~b", "EOF"},
	{"brackets in text", `[{"Id":"a"}]<p>{x</p>[`, "a !12 !15", "EOF"},
	{"string in text", `[{"Id":"a"}]<p>["`, "a !12 !16", "EOF"},
	{"array closed too early", `[{"Id":"a"}],{"Id":"b"}]`, "a !12 ~b !23", "EOF"},
	{"bracket too many behind", `[{"Id":"a"}]]`, "a !12", "EOF"},
	{"error object behind", `[{"Id":"a"}]{"error":{"code":"AF50000"}}`, "a ~?12", "EOF"},

	{"one object", ` {"Id":"a"} `, "~a", "EOF"},
	{"one a line", `{"Id":"a"}` + "\n" + `{"Id":"b"}` + "\r\n\r\n" + `{"Id":"c"}`, "~a ~b ~c", "EOF"},
	{"one a line is cut short", `{"Id":"a"}` + "\n" + `{"Id":"b"`, "~a", truncated},
	{"brace missing in a line", `{"Id":"a"}` + "\n" + `{"x":{"y":1}` + "\n" + `{"Id":"b"}`, "~a !11 ~b", "EOF"},
	{"objects and arrays", `{"Id":"a"}[{"Id":"b"}]{"Id":"c"}`, "~a b ~c", "EOF"},
	{"comma between lines", `{"Id":"a"},` + "\n" + `{"Id":"b"}`, "~a !10 ~b", "EOF"},
	{"text behind an object", `{"Id":"a"}` + "\nEnd", "~a !11", "EOF"},
}

var idPattern = regexp.MustCompile(`^\{"Id":"(\w)"`)

// cutAll returns the elements as bodies has them.
func cutAll(c *Cutter) (got []string, err error) {
	for {
		el, err := c.Next()
		if err != nil {
			if _, again := c.Next(); again != err {
				return nil, fmt.Errorf("after %v comes %v", err, again)
			}
			return got, err
		}
		id := idPattern.FindSubmatch(el.Raw)
		loose := ""
		if el.Loose {
			loose = "~"
		}
		switch {
		case el.Err != nil:
			got = append(got, fmt.Sprint("!", el.Offset))
		case id == nil:
			got = append(got, fmt.Sprint(loose, "?", el.Offset))
		default:
			got = append(got, loose+string(id[1]))
		}
	}
}

func TestBodies(t *testing.T) {
	for _, c := range bodies {
		for way, chunk := range chunked {
			for how, valid := range validPrefixes {
				t.Run(c.name+"/"+way+"/"+how, func(t *testing.T) {
					cut := NewCutter(valid)
					cut.Reset(chunk(strings.NewReader(c.body)), 1<<20, Hooks{})
					got, err := cutAll(cut)
					if err.Error() != c.end {
						t.Errorf("ended with %v, want %s", err, c.end)
					}
					if got := strings.Join(got, " "); got != c.want {
						t.Errorf("got %s, want %s", got, c.want)
					}
				})
			}
		}
	}
}

func TestEndErrors(t *testing.T) {
	for body, want := range map[string]error{
		`[`:  io.ErrUnexpectedEOF,
		``:   io.ErrUnexpectedEOF,
		`x`:  ErrNotArray,
		`{`:  io.ErrUnexpectedEOF,
		`{}`: io.EOF,
		`[]`: io.EOF,
	} {
		c := NewCutter(nil)
		c.Reset(strings.NewReader(body), 100, Hooks{})
		if _, err := cutAll(c); !errors.Is(err, want) {
			t.Errorf("%q ends with %v, want %v", body, err, want)
		}
	}
}

func TestReadErrors(t *testing.T) {
	broken := errors.New("connection reset")
	for _, c := range []struct {
		name    string
		body    string
		r       io.Reader
		objects int
		want    error
	}{
		{"at once", ``, iotest.ErrReader(broken), 0, broken},
		{"in a record", `[{"Id":"a"},{"Id":"b"},{"Id`, iotest.ErrReader(broken), 2, broken},
		{"between records", `[{"Id":"a"},`, iotest.ErrReader(broken), 1, broken},
		{"in a string", `[{"Id":"a"},{"Id":"`, iotest.ErrReader(broken), 1, broken},
		{"in an array behind", `[{"Id":"a"}][{"Id":"b"}`, iotest.ErrReader(broken), 2, broken},
		{"behind an object", `{"Id":"a"}`, iotest.ErrReader(broken), 1, broken},
		{"in a bracket behind text", `[{"Id":"a"}]x{`, iotest.ErrReader(broken), 1, broken},
		{"behind the array", `[{"Id":"a"}]`, iotest.ErrReader(broken), 1, broken},
		{"behind what follows", `[{"Id":"a"}] x`, iotest.ErrReader(broken), 1, broken},
		{"cut by the transport", `[{"Id":"a"}`, iotest.ErrReader(io.ErrUnexpectedEOF), 1, io.ErrUnexpectedEOF},
		{"behind a bracket of no array", `[{"x":{"y":1}]`, iotest.ErrReader(broken), 0, broken},
		{"no progress", `[{"Id":"a"},`, stuck{}, 1, io.ErrNoProgress},
	} {
		t.Run(c.name, func(t *testing.T) {
			cut := NewCutter(nil)
			cut.Reset(io.MultiReader(strings.NewReader(c.body), c.r), 100, Hooks{})
			got, err := cutAll(cut)
			objects := len(got) - strings.Count(strings.Join(got, ""), "!")
			if objects != c.objects || !errors.Is(err, c.want) || err == c.want {
				t.Errorf("%d objects, then %v; want %d, then %v wrapped", objects, err, c.objects, c.want)
			}
		})
	}
}

// stuck is a reader that never comes to anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }
