package replay

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestArray(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x,", arrayBuffer/3) + `"}`
	for lines, want := range map[string]string{
		"":                             "[]",
		"{}\n":                         "[{}]",
		"{}":                           "[{}]",
		"{\"a\":1,\"b\":2}\n[1,2]\n":   "[{\"a\":1,\"b\":2},[1,2]]",
		long + "\n" + long + "\n{}\n":  "[" + long + "," + long + ",{}]",
		strings.Repeat("{}\n", 40_000): "[" + strings.TrimSuffix(strings.Repeat("{},", 40_000), ",") + "]",
	} {
		for name, reader := range map[string]func(io.Reader) io.Reader{
			"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "with its end": iotest.DataErrReader,
		} {
			var a array
			for range 2 {
				a.begin(reader(strings.NewReader(lines)))
				got, err := io.ReadAll(iotest.HalfReader(&a))
				if err != nil || string(got) != want {
					t.Fatalf("%s: %.60q is %.60q, %v; want %.60q", name, lines, got, err, want)
				}
			}
		}
	}
}

// An error behind lines is that of the array, which has no end then.
func TestArrayBroken(t *testing.T) {
	var a array
	a.begin(io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if got, err := io.ReadAll(&a); string(got) != "[{},{" || err != io.ErrUnexpectedEOF {
		t.Errorf("%q, %v", got, err)
	}
}
