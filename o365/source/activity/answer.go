package activity

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	answerBuffer = 32 << 10 // bytes of an answer that are read at once
	maxAnswer    = 1 << 30  // see Client.maxAnswer
	maxElement   = 16 << 10 // bytes of an element of it
)

// unusable is the error of an answer that is neither what was asked for nor a refusal.
type unusable struct {
	op   source.Op
	what string
}

func (e *unusable) Error() string { return fmt.Sprintf("%s: answer: %s", e.op, e.what) }

// eachElement calls f with every element of an answer that is a JSON array, until
// f returns false or an error. An element that is no object, or larger than maxElement,
// is passed as one zero byte.
func (c *Client) eachElement(op source.Op, resp *http.Response, f func(raw []byte) (more bool, err error)) error {
	bounded := &io.LimitedReader{R: resp.Body, N: c.maxAnswer}
	cut := elements.NewCutter(nil)
	cut.Reset(bounded, maxElement, elements.Hooks{})
	for {
		el, err := cut.Next()
		switch {
		case err == io.EOF:
			return nil
		case bounded.N <= 0:
			return fmt.Errorf("%s: answer: larger than %d MB", op, c.maxAnswer>>20)
		case errors.Is(err, elements.ErrNotArray), err == nil && !cut.FoundArray():
			return &unusable{op, elements.ErrNotArray.Error()}
		case err != nil:
			return fmt.Errorf("%s: answer: %w", op, err)
		}
		raw := el.Raw
		if el.Err != nil || len(raw) == 0 {
			raw = []byte{0}
		}
		if more, err := f(raw); err != nil {
			return fmt.Errorf("%s: answer: %w", op, err)
		} else if !more {
			return nil
		}
	}
}

// inspect returns the error of an answer that is not what was asked for, whatever its
// status: the service has been seen to send an error object with the status 200, and
// proxies a web page or nothing (wazuh/wazuh#16485, counteractive/o365beat#21). It
// reads the start of the body, which stays readable as a whole.
func inspect(op source.Op, resp *http.Response) error {
	if status := resp.StatusCode; status/100 != 2 || status == http.StatusPartialContent {
		return readError(op, resp, resp.Body)
	}
	size := answerBuffer
	if op == source.OpDownload {
		size = maxStart // it is read in large pieces, past the buffer
	}
	start := bufio.NewReaderSize(resp.Body, size)
	resp.Body = readCloser{start, resp.Body}
	blank, first, err := firstByte(start)
	switch {
	case err == io.EOF:
		return &unusable{op, "it is empty"}
	case err != nil:
		return fmt.Errorf("%s: answer: read body: %w", op, err)
	case first == '<':
		return newIntercepted(op, resp, nil, true)
	case first == '{':
		return inspectObject(op, resp, blank)
	case op == source.OpStart:
		return &unusable{op, "body is not a JSON object"}
	case first != '[' && first != 0:
		return &unusable{op, elements.ErrNotArray.Error()}
	}
	return nil
}

// maxStart is how many bytes of a download are inspected for where its JSON begins.
const maxStart = 512

type readCloser struct {
	io.Reader
	io.Closer
}

// firstByte returns the first byte that is neither white space nor part of a byte order
// mark, and how many bytes are before it; 0 if it is not among those that the buffer
// holds. The error is that of a body that has none, or that cannot be read.
func firstByte(body *bufio.Reader) (blank int, first byte, err error) {
	for n := 1; n <= body.Size(); n = body.Buffered() + 1 {
		_, err := body.Peek(n)
		start, _ := body.Peek(body.Buffered())
		text := skipBlank(start)
		mark := len(text) > 0 && len(text) < len(byteOrderMark) && bytes.HasPrefix([]byte(byteOrderMark), text)
		if len(text) > 0 && (err != nil || !mark) {
			return len(start) - len(text), text[0], nil
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return 0, 0, nil
}

const byteOrderMark = "\ufeff"

// skipBlank returns a text from its first byte on that is neither white space nor part
// of a byte order mark.
func skipBlank(text []byte) []byte {
	for {
		rest := bytes.TrimPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte(byteOrderMark))
		if len(rest) == len(text) {
			return rest
		}
		text = rest
	}
}

// expected are fields of the objects that are no refusals: of a subscription, and of
// each record of content ("Office 365 Management Activity API schema", Common schema).
var expected = map[source.Op][]string{
	source.OpStart:    {"contentType", "status"},
	source.OpDownload: {"Id", "CreationTime"},
}

// inspectObject is inspect of an answer that begins with an object, behind so many
// bytes. A listing never does.
func inspectObject(op source.Op, resp *http.Response, blank int) error {
	body := resp.Body
	if names := expected[op]; names != nil {
		var read bytes.Buffer
		begun := io.TeeReader(io.LimitReader(body, int64(blank+maxErrorBody)), &read)
		_, err := io.CopyN(io.Discard, begun, int64(blank))
		usual := err == nil && hasField(begun, names)
		resp.Body = readCloser{io.MultiReader(&read, body), body}
		if usual {
			return nil
		}
	}
	return readError(op, resp, resp.Body)
}

// hasField reports whether the object that a text begins with has one of the fields.
// It reads on only until it has found one.
func hasField(text io.Reader, names []string) bool {
	dec := json.NewDecoder(text)
	if _, err := dec.Token(); err != nil {
		return false
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return false
		}
		if name, ok := name.(string); ok && slices.Contains(names, name) {
			return true
		}
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return false
		}
	}
	return false
}

// headerDate returns the service's clock, UTC; zero if the answer has none.
func headerDate(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
