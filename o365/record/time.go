package record

import (
	"math"
	"time"
)

// maxSeconds is the last second of an event: the two above mark groups of
// records in newer versions of Fluent Bit.
const maxSeconds = math.MaxUint32 - 2

// time returns the event time, from the JSON text of the CreationTime.
func (d *Decoder) time(created []byte) (_ time.Time, missing bool) {
	if t, ok := parseTime(created); ok {
		return t, false
	}
	now := d.opt.Now().UTC()
	if s := now.Unix(); s < 0 || s > maxSeconds {
		now = time.Unix(min(max(s, 0), maxSeconds), 0).UTC()
	}
	return now, true
}

// parseTime reads a JSON string that holds a time of RFC 3339, with a space for
// the T and without a zone as well. Without zone it is UTC: "CreationTime: The
// date and time in Coordinated Universal Time (UTC)"
// (learn.microsoft.com, Office 365 Management Activity API schema).
func parseTime(text []byte) (t time.Time, ok bool) {
	var b [48]byte
	if len(text) < len(`"2006-01-02T15:04:05"`) || len(text) > len(b) || text[0] != '"' {
		return t, false
	}
	s := b[:copy(b[:], text[1:len(text)-1])]
	if s[10] == ' ' {
		s[10] = 'T'
	}
	if zone := s[len(s)-6]; s[len(s)-1] != 'Z' && zone != '+' && zone != '-' {
		s = append(s, 'Z')
	}
	if t.UnmarshalText(s) != nil {
		return t, false
	}
	t = t.UTC()
	if s := t.Unix(); s < 0 || s > maxSeconds {
		return t, false
	}
	return t, true
}
