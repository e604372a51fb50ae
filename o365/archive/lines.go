package archive

import "io"

// lines writes JSON, as it comes in pieces of any size, with one record a line: each
// element of an array, and each value outside of one. What a record is made of stays as
// it is; of the white space between its tokens, only line ends become spaces. It looks
// at structure alone: what is no JSON comes out as some lines, without an error.
type lines struct {
	to      io.Writer
	inArray bool
	depth   int  // within a record
	begun   bool // a record
	quoted  bool // in a string
	escaped bool // behind a backslash of it
	out     []byte
}

// Write implements [io.Writer]. Its error is that of the writer below.
func (l *lines) Write(p []byte) (int, error) {
	l.out = l.out[:0]
	for _, c := range p {
		l.next(c)
	}
	if _, err := l.to.Write(l.out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// end ends the last line.
func (l *lines) end() error {
	l.out = l.out[:0]
	l.endRecord()
	_, err := l.to.Write(l.out)
	return err
}

func (l *lines) next(c byte) {
	switch {
	case l.escaped:
		l.escaped = false
	case l.quoted:
		l.quoted, l.escaped = c != '"', c == '\\'
	default:
		if !l.structure(c) {
			return
		}
	}
	if c == '\n' || c == '\r' {
		c = ' '
	}
	l.out = append(l.out, c)
	l.begun = true
}

// structure follows a byte outside of strings, and reports whether it is part of a
// record.
func (l *lines) structure(c byte) bool {
	switch c {
	case '"':
		l.quoted = true
	case '{':
		l.depth++
	case '[':
		if l.depth == 0 && !l.inArray {
			l.endRecord()
			l.inArray = true
			return false
		}
		l.depth++
	case '}', ']':
		if l.depth == 0 {
			l.endRecord()
			l.inArray = false
			return false
		}
		if l.depth--; l.depth == 0 && !l.inArray { // nothing stands between values outside of an array
			l.out = append(l.out, c)
			l.begun = true
			l.endRecord()
			return false
		}
	case ',':
		if l.depth == 0 {
			l.endRecord()
			return false
		}
	case ' ', '\t', '\n', '\r':
		return l.begun && l.depth > 0
	case 0xEF, 0xBB, 0xBF: // of a byte order mark
		return l.begun
	}
	return true
}

// endRecord ends the line, if there is one.
func (l *lines) endRecord() {
	if l.begun {
		l.out = append(l.out, '\n')
	}
	l.begun = false
}
