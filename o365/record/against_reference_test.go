package record

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/go-json-experiment/json/jsontext"
)

var (
	texts = flag.Int("texts", 100_000, "how many texts TestAgainstReference makes up")
	seed  = flag.Uint64("seed", 1, "what they follow from")
)

// comparer compares the transcoder and a Decoder with the reference.
type comparer struct {
	transcoder transcoder
	decoder    *Decoder
	reference  reference
	cut        *elements.Cutter // by the reference
	out, want  []byte
	repaired   []byte

	explained                 int // every so many errors are compared in full
	calls, accepted, rejected int
}

func newComparer(explained int) *comparer {
	c := &comparer{explained: explained, decoder: NewDecoder(nil, Options{Now: epoch})}
	c.cut = elements.NewCutter(func(text []byte) int {
		value, _ := c.reference.check(text)
		return len(value)
	})
	return c
}

// compare returns how they differ on a text and on what repairs make of it.
func (c *comparer) compare(text []byte) error {
	valid, err := c.one(text)
	if err != nil || valid {
		return err
	}
	faults := 0
	if c.repaired, faults = repair(c.repaired[:0], text, 10*len(text)); faults > 0 {
		_, err = c.one(c.repaired)
	}
	return err
}

func (c *comparer) one(text []byte) (valid bool, _ error) {
	want, wantErr := c.reference.record(c.want[:0], text)
	room := cap(c.out)
	if c.calls++; c.calls%4 == 0 {
		room = c.calls / 4 % (room + 1)
	}
	got := c.transcoder.record(c.out[:0:room], text)
	if valid = got.size > 0; valid != (wantErr == nil) {
		return valid, fmt.Errorf("%q is valid: %t, want %v", text, valid, wantErr)
	}
	if !valid {
		return valid, c.sameError(text, wantErr)
	}
	c.accepted++
	if c.want = want.out; cap(got.out) > cap(c.out) {
		c.out = got.out
	}
	switch {
	case !bytes.Equal(got.out, want.out):
		return valid, fmt.Errorf("%q is %q, want %q", text, got.out, want.out)
	case got.size != want.size, got.stringified != want.stringified, got.numberTexts != want.numberTexts,
		!sameText(got.id, want.id), !sameText(got.created, want.created):
		return valid, fmt.Errorf("%q: %+v, want %+v", text, got, want)
	}
	return valid, nil
}

// sameText distinguishes what is empty from what is absent.
func sameText(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// sameError compares texts of errors. They differ by the package's name in front, by how
// long pointers are shortened, and by how a text that ends too early is reported, which
// no record is: brackets end it.
func (c *comparer) sameError(text []byte, want error) error {
	var syntax *jsontext.SyntacticError
	if !errors.As(want, &syntax) {
		return want
	}
	if strings.HasPrefix(syntax.Err.Error(), "unexpected EOF") {
		return nil
	}
	t := &c.transcoder
	if int64(t.fault.at) != syntax.ByteOffset {
		return fmt.Errorf("%q: at %d, want %v", text, t.fault.at, want)
	}
	if c.rejected++; c.rejected%c.explained != 0 {
		return nil
	}
	if len(syntax.JSONPointer) <= maxPointer {
		if got, want := t.explain().Error(), strings.TrimPrefix(want.Error(), "jsontext: "); got != want {
			return fmt.Errorf("%q: %s, want %s", text, got, want)
		}
		return nil
	}
	if got := t.pointer(); got != string(syntax.JSONPointer) {
		return fmt.Errorf("%q: in %s, want %v", text, got, want)
	}
	return nil
}

// TestAgainstReference makes up records and damages each in many ways. For more of them:
//
//	go test -run TestAgainstReference -timeout 0 ./o365/record -args -texts 300000000 -seed 7
func TestAgainstReference(t *testing.T) {
	const damages = 30 // of each record
	m := &maker{Rand: rand.New(rand.NewPCG(*seed, 1))}
	c := newComparer(8)
	var damaged []byte
	n := 0
	for n < *texts {
		text := m.record()
		if err := c.compare(text); err != nil {
			t.Fatal(err)
		}
		for range damages {
			damaged = m.damage(append(damaged[:0], text...))
			if err := c.compare(damaged); err != nil {
				t.Fatal(err)
			}
		}
		n += 1 + damages
	}
	t.Logf("%d texts and %d repaired ones, %d of them valid", n, c.calls-n, c.accepted)
	if c.accepted < n/damages {
		t.Error("too few of them were valid")
	}
}

// FuzzAgainstReference compares them on any text.
func FuzzAgainstReference(f *testing.F) {
	addShapes(f)
	m := &maker{Rand: rand.New(rand.NewPCG(2, 3))}
	for range 50 {
		f.Add(bytes.Clone(m.record()))
	}
	c := newComparer(1)
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 0 && text[0] == '{' { // package elements lets nothing else through
			if err := c.compare(text); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.decode(text, bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	})
}

// decode compares what a Decoder makes of a body, in the pieces that r reads, with what
// the reference makes of its elements.
func (c *comparer) decode(body []byte, r io.Reader) error {
	c.decoder.Reset(Body{Reader: r})
	c.cut.Reset(bytes.NewReader(body), DefaultMaxSize, elements.Hooks{})
	for {
		el, end := c.cut.Next()
		got, rec, err := c.decoder.Append(c.out[:0])
		if bad := (*Malformed)(nil); errors.As(err, &bad) {
			err = bad.Err
		} else if err != nil {
			if end == nil && !errors.Is(err, elements.ErrNotArray) {
				return fmt.Errorf("%q: at %d %v", body, el.Offset, err)
			}
			return nil
		}
		c.out = got[:0]
		if end != nil {
			return fmt.Errorf("%q ends with %v, want %v", body, err, end)
		}
		want, repaired, wantErr := c.element(el)
		_, hasTime := parseTime(want.created)
		switch {
		case err == errNoRecord:
			if !el.Loose || wantErr != nil || want.id != nil || hasTime {
				return fmt.Errorf("%q: %v, want %+v", el.Raw, err, want)
			}
		case err != nil && wantErr != nil:
			if got, want := err.Error(), strings.TrimPrefix(wantErr.Error(), "jsontext: "); got != want && !strings.Contains(want, "…") {
				return fmt.Errorf("%q: %s, want %s", el.Raw, got, want)
			}
		case err != nil || wantErr != nil:
			return fmt.Errorf("%q: %v, want %v", el.Raw, err, wantErr)
		case !bytes.Equal(got[headerSize:], want.out), rec.Repaired != repaired, rec.TimeMissing == hasTime,
			rec.Stringified != want.stringified, rec.NumberTexts != want.numberTexts:
			return fmt.Errorf("%q: %+v %q, want %+v", el.Raw, rec, got, want)
		}
	}
}

// element does what Decoder.event does.
func (c *comparer) element(el elements.Element) (_ encoded, repaired int, err error) {
	if el.Err != nil {
		return encoded{}, 0, el.Err
	}
	found, err := c.reference.record(c.want[:0], el.Raw)
	if err != nil {
		if c.repaired, repaired = repair(c.repaired[:0], el.Raw, DefaultMaxSize); repaired > 0 {
			found, err = c.reference.record(c.want[:0], c.repaired)
		}
	}
	if err == nil {
		c.want = found.out
	}
	return found, repaired, err
}

// TestDecoderAgainstReference makes up bodies of some records, few of them large enough to
// be read in parts.
func TestDecoderAgainstReference(t *testing.T) {
	m := &maker{Rand: rand.New(rand.NewPCG(*seed, 2))}
	c := newComparer(1)
	for range max(*texts/100, 1) {
		body := []byte{'['}
		for i := range 5 {
			if i > 0 {
				body = append(body, ',')
			}
			rec := m.record()
			if m.IntN(50) == 0 {
				rec = fmt.Appendf(nil, `{"Records":[%s],"Id":"%s"}`, rec, strings.Repeat(m.pick(chars), m.IntN(50_000)))
			}
			if m.IntN(2) == 0 {
				rec = m.damage(rec)
			}
			body = append(body, rec...)
		}
		body = append(body, ']')
		if err := c.decode(body, iotest.HalfReader(bytes.NewReader(body))); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDepthAgainstReference is about the deepest containers that are read.
func TestDepthAgainstReference(t *testing.T) {
	c := newComparer(1)
	for _, depth := range []int{9997, 9998, 9999, 10000, 10001, 20000} {
		for _, pair := range []string{"[]", `{"a":}`} {
			open, closing := pair[:len(pair)-1], pair[len(pair)-1:]
			text := `{"x":` + strings.Repeat(open, depth) + "1" + strings.Repeat(closing, depth) + "}"
			if err := c.compare([]byte(text)); err != nil {
				t.Error(strconv.Itoa(depth), pair, err.Error()[:100], err.Error()[len(err.Error())-100:])
			}
		}
	}
}
