//go:build !o365fault

package main

import (
	"github.com/fluent-bit-o365/fluent-bit-o365/o365"
	"github.com/fluent-bit-o365/fluent-bit-o365/plugin/handover"
)

// sourceOf returns an input's source of batches: the input itself, except in
// a build with a fault in it, batch_source_faulty.go, which test/host tries.
func sourceOf(in *o365.Input) handover.Source { return in }
