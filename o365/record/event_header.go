package record

import (
	"encoding/binary"
	"time"
)

// An event begins with an array of two, [time, map], and the time in Fluent Bit's
// form: extension type 0 of 8 bytes, u32 seconds and u32 nanoseconds, big endian
// (FLB_TIME_ETFMT_V1_FIXEXT in src/flb_time.c).
const (
	fixarray2 = 0x92
	fixext8   = 0xd7
	eventTime = 0x00

	secondsAt     = 3 // bytes from the event's first
	nanosecondsAt = 7
	headerSize    = 11
)

// appendHeader appends the first bytes of an event, with the time 0; setTime sets it.
func appendHeader(buf []byte) []byte {
	header := [headerSize]byte{fixarray2, fixext8, eventTime}
	return append(buf, header[:]...)
}

// setTime sets the time of an event, which lies between 1970 and 2106.
func setTime(event []byte, at time.Time) {
	binary.BigEndian.PutUint32(event[secondsAt:], uint32(at.Unix()))
	binary.BigEndian.PutUint32(event[nanosecondsAt:], uint32(at.Nanosecond()))
}
