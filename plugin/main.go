// Command plugin is the Fluent Bit input plugin o365, a shared object that make
// builds with the flags in the Makefile.
//
// It is the only part of the project that knows Fluent Bit and C. Fluent Bit
// finds its callbacks by name (callbacks.go) and runs every instance on a thread
// of its own, on which it calls all callbacks of the instance (instances.go).
// The shim (shim.h) reaches what Fluent Bit offers to C plugins and not to Go
// ones: its log, an input's metrics, appending under a tag of the plugin's
// choice. It finds all of that at run time, so that one object works in Fluent
// Bit 2.2 and every later version; older ones are refused (required_version.go).
//
// When a batch is handed over and when it is stored is decided in the package
// handover, which needs no C.
package main

// #cgo linux LDFLAGS: -ldl
import "C"

func main() {}
