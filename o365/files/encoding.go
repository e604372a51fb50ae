//go:build unix

package files

import (
	"bytes"
	"fmt"
)

// An EncodingError is a file of text in another encoding than UTF-8.
type EncodingError struct{ Encoding string }

func (e *EncodingError) Error() string {
	return fmt.Sprintf("is text in %s: save it as UTF-8 (PowerShell: Set-Content -Encoding utf8; Notepad: Save as, Encoding)", e.Encoding)
}

// byteOrderMark is that of UTF-8, which editors on Windows write.
var byteOrderMark = []byte("\ufeff")

// decode returns the content of a file without byte order marks at its start, or an
// [EncodingError]. Binary content of the files that options name, which is DER,
// begins with a byte that no mark has, and is returned as it is.
func decode(data []byte) ([]byte, error) {
	if name := wideEncoding(data); name != "" {
		return nil, &EncodingError{name}
	}
	for bytes.HasPrefix(data, byteOrderMark) {
		data = data[len(byteOrderMark):]
	}
	return data, nil
}

// wideEncoding returns the name of an encoding that has several bytes for a letter
// of ASCII, "" for others. PowerShell 5 writes UTF-16 with a mark by default.
func wideEncoding(data []byte) string {
	for _, m := range []struct{ mark, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, // first: UTF-16 begins alike
		{"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(data, []byte(m.mark)) {
			return m.name
		}
	}
	if alternates(data, 0) || alternates(data, 1) {
		return "UTF-16"
	}
	return ""
}

// alternates reports whether data begins with letters of ASCII in UTF-16 without a
// mark: each second byte is NUL, and those at odd or even places are none.
func alternates(data []byte, letter int) bool {
	const least, most = 4, 64 // bytes
	if len(data) < least || len(data)%2 != 0 {
		return false
	}
	for i, b := range data[:min(len(data), most)] {
		if isLetter := i%2 == letter; isLetter != (b != 0) || b > 0x7f {
			return false
		}
	}
	return true
}
