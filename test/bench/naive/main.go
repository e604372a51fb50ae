// Command naive is the yardstick: the Fluent Bit input plugin for the Office
// 365 Management Activity API as one is usually written, on fluent-bit-go and
// the standard library.
//
//	go build -buildmode=c-shared -o in_o365_naive.so ./test/bench/naive
//
// A goroutine lists seven days and downloads one content blob after the other,
// as most collectors of this API do. A blob is read whole, becomes a slice of
// maps by encoding/json and goes through the MessagePack encoder of
// fluent-bit-go record by record. Each callback of Fluent Bit, once a second,
// returns what has come together as one buffer. Up to the same 32 MB as in
// o365 may wait, so that the goroutine need not.
//
// It is meant to be fast where that costs nothing: connections are kept, the
// encoder is reused. It leaves out what o365 does besides, such as state,
// duplicates, retries and confirmation, and stops at the first error.
package main

// #include <stdlib.h>
import "C"

import (
	"context"
	"fmt"
	"os"
	"sync"
	"unsafe"

	"github.com/fluent/fluent-bit-go/input"
)

const queueSize = 32 << 20

// queue is what waits for the next callback.
var queue = struct {
	sync.Mutex
	events []byte
	taken  chan struct{}
}{taken: make(chan struct{}, 1)}

// put adds the events of a blob, and waits while there are too many.
func put(events []byte) {
	for {
		queue.Lock()
		if len(queue.events) == 0 || len(queue.events)+len(events) <= queueSize {
			queue.events = append(queue.events, events...)
			queue.Unlock()
			return
		}
		queue.Unlock()
		<-queue.taken
	}
}

//export FLBPluginRegister
func FLBPluginRegister(def unsafe.Pointer) C.int {
	return C.int(input.FLBPluginRegister(def, "o365_naive", "Office 365 audit records, the usual way"))
}

//export FLBPluginInit
func FLBPluginInit(plugin unsafe.Pointer) C.int {
	get := func(key string) string { return input.FLBPluginConfigKey(plugin, key) }
	c, err := newCollector(get)
	if err != nil {
		fmt.Fprintln(os.Stderr, "o365_naive:", err)
		return input.FLB_ERROR
	}
	go func() {
		if err := c.collect(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, "o365_naive:", err)
		}
	}()
	return input.FLB_OK
}

//export FLBPluginInputCallback
func FLBPluginInputCallback(data *unsafe.Pointer, size *C.size_t) C.int {
	queue.Lock()
	events := queue.events
	queue.events = nil
	queue.Unlock()
	select {
	case queue.taken <- struct{}{}:
	default:
	}
	*data, *size = nil, C.size_t(len(events))
	if len(events) > 0 {
		*data = C.CBytes(events)
	}
	return input.FLB_OK
}

//export FLBPluginInputCleanupCallback
func FLBPluginInputCleanupCallback(data unsafe.Pointer) C.int {
	C.free(data)
	return input.FLB_OK
}

//export FLBPluginExit
func FLBPluginExit() C.int { return input.FLB_OK }

// What test/host asks for as well.

//export FLBPluginPreRegister
func FLBPluginPreRegister(C.int) C.int { return 0 }

//export FLBPluginInputPreRun
func FLBPluginInputPreRun(C.int) C.int { return 0 }

//export FLBPluginInputPause
func FLBPluginInputPause() {}

//export FLBPluginInputResume
func FLBPluginInputResume() {}

//export FLBPluginInputPreExit
func FLBPluginInputPreExit(C.int) {}

//export FLBPluginUnregister
func FLBPluginUnregister(def unsafe.Pointer) { input.FLBPluginUnregister(def) }

func main() {}
