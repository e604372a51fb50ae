package activity

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/elements"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

const (
	answerBuffer = 32 << 10 // bytes of an answer that are read at once
	maxAnswer    = 1 << 30  // bytes of a JSON array, unpacked; it is streamed
	maxElement   = 16 << 10 // bytes of an element of it
)

// eachElement calls f with every element of an answer that is a JSON array, until
// f returns false or an error. An element that is no object, or larger than maxElement,
// is passed as one zero byte.
func eachElement(op source.Op, resp *http.Response, f func(raw []byte) (more bool, err error)) error {
	body := bufio.NewReaderSize(resp.Body, answerBuffer)
	if err := notList(op, resp, body); err != nil {
		return err
	}
	bounded := &io.LimitedReader{R: body, N: maxAnswer}
	cut := elements.NewCutter(nil)
	cut.Reset(bounded, maxElement, elements.Hooks{})
	for {
		el, err := cut.Next()
		switch {
		case err == io.EOF:
			return nil
		case bounded.N <= 0:
			return fmt.Errorf("%s: answer: larger than %d MB", op, maxAnswer>>20)
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

// notList returns the error of an answer that has the status 200 but is no list: the
// service has been seen to send an error object with it, and proxies a web page.
func notList(op source.Op, resp *http.Response, body *bufio.Reader) error {
	start, _ := body.Peek(512)
	start = bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(start) > 0 && start[0] == '{':
		return readError(op, resp, body)
	case len(start) > 0 && start[0] == '<':
		return fmt.Errorf("%s: answer: a web page came instead of JSON: is a proxy or a firewall between?", op)
	}
	return nil
}

// headerDate returns the service's clock, UTC; zero if the answer has none.
func headerDate(h http.Header) time.Time {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
