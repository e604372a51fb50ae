package main

import (
	"fmt"
	"os"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// screen prints records to one file and all else to another. Where both are a
// terminal, a record takes one line of it at most and the status stays below
// the records; otherwise records are whole, and the status is a line now and
// then.
type screen struct {
	out, err *os.File
	terminal bool

	mu      sync.Mutex
	last    string    // status
	printed time.Time // when the last status was printed as a line
}

const statusPause = 5 * time.Second

func newScreen(out, err *os.File) *screen {
	return &screen{out: out, err: err, terminal: columns(out) > 0 && columns(err) > 0}
}

// columns is the width of a terminal, 0 for what is none.
func columns(f *os.File) int {
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}

const eraseLine = "\r\x1b[K"

func (s *screen) record(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal {
		_, _ = s.out.Write(append(line, '\n'))
		return
	}
	fmt.Fprint(s.err, eraseLine)
	fmt.Fprintln(s.out, cut(string(line), columns(s.out)))
	fmt.Fprint(s.err, s.last)
}

func (s *screen) log(line []byte) { s.above(string(line)) }

// note prints a line of the demo's own.
func (s *screen) note(format string, args ...any) { s.above("== " + fmt.Sprintf(format, args...)) }

// above prints a line where the status is, and the status below it.
func (s *screen) above(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.terminal {
		fmt.Fprintln(s.err, line)
		return
	}
	fmt.Fprint(s.err, eraseLine, line, "\n", s.last)
}

func (s *screen) status(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	line = "== " + line
	switch {
	case s.terminal:
		s.last = cut(line, columns(s.err)-1)
		fmt.Fprint(s.err, eraseLine, s.last)
	case time.Since(s.printed) >= statusPause:
		s.printed = time.Now()
		fmt.Fprintln(s.err, line)
	}
}

// clear takes the status away.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last != "" {
		s.last = ""
		fmt.Fprint(s.err, eraseLine)
	}
}

// cut shortens a line to a width in characters.
func cut(line string, width int) string {
	if width < 2 || utf8.RuneCountInString(line) <= width {
		return line
	}
	return string([]rune(line)[:width-1]) + "…"
}
