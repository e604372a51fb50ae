package rig

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Text collects output in memory. Its methods may be called at any time, from
// any goroutine; a nil Text is empty.
type Text struct {
	mu  sync.Mutex
	buf bytes.Buffer

	measured int // bytes that Len has seen
	length   int // that it has counted
}

// Write appends to the text.
func (t *Text) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(b)
}

func (t *Text) String() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// Len is the length of all whole lines but those that Fluent Bit logs again and
// again while an output is away. It grows when something happens.
func (t *Text) Len() int {
	if t == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		line, _, whole := bytes.Cut(t.buf.Bytes()[t.measured:], []byte("\n"))
		if !whole {
			return t.length
		}
		t.measured += len(line) + 1
		if !attempts.Match(line) && !waiting.Match(line) {
			t.length += len(line) + 1
		}
	}
}

const tailLines = 30

// attempts are lines that Fluent Bit's outputs log about every attempt.
var attempts = regexp.MustCompile(`failed to flush|no upstream connections|HTTP status=200`)

// waiting are lines that Fluent Bit logs every second while it waits for outputs,
// to stop or to reload.
var waiting = regexp.MustCompile(`pending chunk count|\[task\] `)

// Tail is the last 30 lines, without those about every attempt of an output.
func (t *Text) Tail() string {
	lines := slices.DeleteFunc(strings.SplitAfter(t.String(), "\n"), attempts.MatchString)
	return strings.Join(lines[max(0, len(lines)-tailLines):], "")
}
