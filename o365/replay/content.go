package replay

import (
	"io"

	"github.com/klauspost/compress/gzip"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
)

// content reads the JSON of one object after the other: an array of records, whatever
// the format.
type content struct {
	gzip  gzip.Reader
	array array
}

// open begins an object, which is read compressed.
func (c *content) open(object io.Reader, f archive.Format) (io.Reader, error) {
	switch err := c.gzip.Reset(object); {
	case err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	case f != archive.NDJSON:
		return &c.gzip, nil
	}
	c.array.begin(&c.gzip)
	return &c.array, nil
}

// stored is what the storage has of an object.
type stored struct {
	io.Reader
	err error // that it has returned, but for the end
}

// Read implements [io.Reader].
func (s *stored) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// arrayBuffer is how many bytes of lines are read at once.
const arrayBuffer = 32 << 10

// array reads lines of JSON as one array. Package record takes lines as well, but not
// each record that stands in no array.
type array struct {
	lines io.Reader
	buf   []byte // a byte for the comma of the line before, then lines
	out   []byte // of buf, not read yet
	ended bool   // a line, which is not the last one if anything follows
	err   error
}

func (a *array) begin(lines io.Reader) {
	if a.buf == nil {
		a.buf = make([]byte, 1+arrayBuffer)
	}
	a.buf[0] = '['
	a.lines, a.out, a.ended, a.err = lines, a.buf[:1], false, nil
}

// Read implements [io.Reader].
func (a *array) Read(p []byte) (int, error) {
	for len(a.out) == 0 {
		if a.err != nil {
			return 0, a.err
		}
		a.fill()
	}
	n := copy(p, a.out)
	a.out = a.out[n:]
	return n, nil
}

// fill reads more lines. The end of a line becomes a comma once there is another one.
func (a *array) fill() {
	var n int
	n, a.err = a.lines.Read(a.buf[1:])
	a.out = a.buf[1 : 1+n]
	if n > 0 && a.ended {
		a.buf[0] = ','
		a.out = a.buf[:1+n]
	}
	if n > 0 {
		a.ended = a.buf[n] == '\n'
	}
	if n > 0 && a.ended {
		a.out = a.out[:len(a.out)-1]
	}
	for i, c := range a.out {
		if c == '\n' {
			a.out[i] = ','
		}
	}
	if a.err == io.EOF {
		a.out = append(a.out, ']')
	}
}
