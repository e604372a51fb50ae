package logging

import (
	"fmt"
	"slices"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

func TestLevels(t *testing.T) {
	var lines []string
	l := Logger(func(level Level, line string) { lines = append(lines, fmt.Sprintf("%d %s", level, line)) })
	l.Errorf("a%d", 1)
	l.Warnf("b%d", 2)
	l.Infof("c%d", 3)
	l.Debugf("d%d", 4)
	l.Line(Warn, "100%")
	if want := []string{"1 a1", "2 b2", "3 c3", "4 d4", "2 100%"}; !slices.Equal(lines, want) {
		t.Errorf("logged %q, want %q", lines, want)
	}
}

func TestRedacted(t *testing.T) {
	var got string
	Logger(func(_ Level, line string) { got = line }).Redacted(sanitize.NewRedactor("s3cr3t")).Errorf("a\n%s", "s3cr3t")
	if got != "a <secret>" {
		t.Errorf("logged %q", got)
	}
}

func TestNilLoggerDropsLines(t *testing.T) {
	var l Logger
	l.Errorf("dropped")
	l.Line(Info, "dropped")
	l.Redacted(nil).Errorf("dropped")
}
