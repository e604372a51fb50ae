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
	want       string // Ids of the objects, ? and the offset of those without, ! and that of what is none
	end        string
}{
	{"white space", " \t[\r\n] \n", "", "EOF"},
	{"byte order mark", "\ufeff[{\"Id\":\"a\"}]", "a", "EOF"},
	{"several", `[{"Id":"a"},{"Id":"b"} , {"Id":"c"}]` + "\r\n", "a b c", "EOF"},

	{"nothing", ``, "", truncated},
	{"only space", "  \n", "", truncated},
	{"only byte order mark", "\ufeff", "", truncated},
	{"ends in the mark", "\xef\xbb", "", ErrNotArray.Error()},
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
	{"bracket missing", `[{"x":[1},{"Id":"b"}]`, "?1 b", "EOF"},
	{"bracket missing, no record behind", `[{"x":[1},5,{"Id":"b"}]`, "?1 !10 b", "EOF"},
	{"bracket too many", `[{"x":1],"y":2},{"Id":"b"}]`, "?1 b", "EOF"},
	{"bracket too many behind a pair", `[{"x":[1],"y":2],"z":3},{"Id":"b"}]`, "?1 b", "EOF"},
	{"crossed", `[{"x":[{"y":1]},{"Id":"b"}]`, "?1 b", "EOF"},
	{"inner brace missing", `[{"x":[{"y":1,{"z":2}]},{"Id":"b"}]`, "?1 b", "EOF"},
	{"quote missing", `[{"Id":"a"},{"x":"y},{"Id":"b"}]`, "a", truncated},

	{"text behind", `[{"Id":"a"}] x`, "a !13", "EOF"},
	{"zero behind", "[{\"Id\":\"a\"}]\x00", "a !12", "EOF"},
	{"array behind", `[{"Id":"a"}][{"Id":"b"}]`, "a !12", "EOF"},
	{"array closed too early", `[{"Id":"a"}],{"Id":"b"}]`, "a !12", "EOF"},
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
		switch {
		case el.Err != nil:
			got = append(got, fmt.Sprint("!", el.Offset))
		case id == nil:
			got = append(got, fmt.Sprint("?", el.Offset))
		default:
			got = append(got, string(id[1]))
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
		`{}`: ErrNotArray,
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
