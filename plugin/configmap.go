package main

// #include "shim.h"
import "C"

import (
	"unsafe"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
)

// offerConfigMap gives Fluent Bit 5.1.1 and later the list of options, with
// which it refuses unknown keys and answers -h. def is the argument of
// FLBPluginRegister. The list is made once and kept, since Fluent Bit keeps
// pointers into it. Values are nevertheless read as text by option.Parse, which
// has types, defaults and allowed values in every version.
func offerConfigMap(def unsafe.Pointer) {
	if C.o365_map_fits(def) == 0 {
		return
	}
	if plugin.configMap == nil {
		plugin.configMap = newConfigMap()
	}
	C.o365_map_offer(def, plugin.configMap)
}

// newConfigMap returns the list of options in C's memory, NULL if there is none
// left.
func newConfigMap() *C.struct_o365_map {
	n := 0
	for range option.All() {
		n++
	}
	m := C.o365_map_new(C.int(n))
	if m == nil {
		return nil
	}
	i := 0
	for o := range option.All() {
		var value *C.char
		if o.Default != "" {
			value = C.CString(o.Default)
		}
		var multiple C.int // only where all of them can be read
		if o.List() {
			multiple = C.o365_properties_found()
		}
		C.o365_map_set(m, C.int(i), C.CString(o.Key), value, multiple, C.CString(o.Description()))
		i++
	}
	return m
}
