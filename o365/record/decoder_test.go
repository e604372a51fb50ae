package record

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReset(t *testing.T) {
	d := NewDecoder(strings.NewReader(`[{"Id":"a"},{"Id":`), Options{})
	for _, body := range []string{`[{"Id":"b"}]`, `{}`, `[{"Id":"b"}`, `[{"Id":"b"}]`} {
		for err := error(nil); err == nil; {
			_, _, err = d.Append(nil)
		}
		d.Reset(Body{Reader: strings.NewReader(body)})
	}
	buf, rec, err := d.Append(nil)
	if err != nil || rec.Index != 0 || !bytes.HasSuffix(buf, []byte("\x81\xa2Id\xa1b")) {
		t.Errorf("%q, %+v, %v", buf, rec, err)
	}
	if _, _, err := d.Append(nil); err != io.EOF {
		t.Error(err)
	}
}

// TestResetDropsLargeBuffers keeps a worker from holding what one blob needed.
func TestResetDropsLargeBuffers(t *testing.T) {
	large := strings.Repeat("\xff", 4<<20)
	d := NewDecoder(strings.NewReader(`[{"Id":"`+large+`"}]`), Options{MaxSize: 16 << 20})
	if _, rec, err := d.Append(nil); err != nil || rec.Repaired != len(large) {
		t.Fatalf("%d repaired, %v", rec.Repaired, err)
	}
	d.Reset(Body{Reader: strings.NewReader(`[]`)})
	if held := d.cut.Held() + cap(d.fixed) + cap(d.enc.scratch) + cap(d.id); held > 2<<20 {
		t.Errorf("%d bytes held", held)
	}
}

func TestNoAllocations(t *testing.T) {
	body := blob(50)
	r := bytes.NewReader(body)
	d := NewDecoder(r, Options{})
	var buf []byte
	run := func() {
		r.Reset(body)
		d.Reset(Body{Reader: r})
		for err := error(nil); err == nil; {
			buf, _, err = d.Append(buf[:0])
			d.OldKey(err == nil)
		}
	}
	run()
	if n := testing.AllocsPerRun(20, run); n != 0 {
		t.Errorf("%v allocations for 50 records", n)
	}
}

func TestMalformedText(t *testing.T) {
	m := &Malformed{Index: 3, Offset: 99, Err: errors.New("not a JSON object")}
	if got := m.Error(); got != "record 3 at byte 99: not a JSON object" {
		t.Error(got)
	}
}
