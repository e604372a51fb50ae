package main

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
)

// settings returns a function that returns the values of a key in the section,
// one for each time that it is set: the first only where the others cannot be
// read (properties.c). p is the argument of FLBPluginInit, and the function is
// called before that returns.
func (h *host) settings(p unsafe.Pointer) func(key string) []string {
	if C.o365_properties_found() == 0 {
		return func(key string) []string { return []string{input.FLBPluginConfigKey(p, key)} }
	}
	return func(key string) []string {
		name := C.CString(key)
		defer C.free(unsafe.Pointer(name))
		var values []string
		for {
			value := C.o365_property(h.instance, name, C.int(len(values)))
			if value == nil {
				return values
			}
			values = append(values, C.GoString(value))
		}
	}
}
