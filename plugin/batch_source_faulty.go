//go:build o365fault

package main

import (
	"os"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// faulty is a source with a bug, for the tests of panic.go (test/host,
// TestPluginBug): it dereferences nil as soon as there is the file that
// O365_FAULT names.
type faulty struct{ handover.Source }

func (f faulty) Next() *o365.Batch {
	if _, err := os.Stat(os.Getenv("O365_FAULT")); err == nil {
		var b *o365.Batch
		b.Records++
	}
	return f.Source.Next()
}

func sourceOf(in *o365.Input) handover.Source { return faulty{in} }
