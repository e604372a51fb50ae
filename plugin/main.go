// Command plugin is the Fluent Bit input plugin o365, a shared object that make
// builds with the flags in the Makefile.
//
// It is the only part of the project that knows Fluent Bit and C. Fluent Bit
// finds its callbacks by name (exports.go; src/flb_plugin_proxy.c and
// src/proxy/go/go.c of Fluent Bit) and runs every instance on a thread of its
// own, on which all callbacks of the instance come. The shim (shim.h) reaches
// what Fluent Bit offers to C plugins and not to Go ones: its log, an input's
// metrics, appending under an own tag. All of that is looked up at run time, so
// that one object serves Fluent Bit 2.2 and every later version.
//
// How batches go over is decided in the package handover, which
// needs no C.
package main

// #cgo linux LDFLAGS: -ldl
import "C"

func main() {}
