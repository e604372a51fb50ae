package record

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"
)

func TestAppend(t *testing.T) {
	body := `[{"CreationTime":"2024-05-06T07:08:09","Id":"{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}","a":[1,-2,26.0,1e9,"x\u0011\/"]},
	 {"a":{"b":1}, 7, {"Id":"x","b":"` + "\xff\t" + `"}]`
	d := NewDecoder(strings.NewReader(body), Options{})
	for {
		b, rec, err := d.Append(nil)
		var m *Malformed
		if errors.As(err, &m) {
			t.Log(m)
			continue
		}
		if err != nil {
			t.Log(err)
			if err != io.EOF {
				t.Fail()
			}
			return
		}
		t.Logf("%+v", rec)
		v, rest, err := msgp.ReadIntfBytes(b)
		t.Log(v, len(rest), err)
	}
}
