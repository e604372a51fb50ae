package rig

import (
	"fmt"
	"time"
)

const pollInterval = 20 * time.Millisecond

// Await polls until done. It does not matter how long that takes, which depends
// on what else the machine does: Await gives up when none of the signs of progress
// has changed for the given time, and the error says what was awaited. Without a
// sign it gives up after that time.
//
// Only the pauses between two polls count as time, each as long as it was meant to
// be. So a machine that is too busy to let the caller run is not taken for one
// on which nothing moves.
func Await(what string, quiet time.Duration, done func() bool, signs ...func() int) error {
	begun := time.Now()
	last := make([]int, len(signs))
	for waited := time.Duration(0); ; {
		polled := time.Now()
		if done() {
			return nil
		}
		for i, sign := range signs {
			if now := sign(); now != last[i] {
				last[i], waited = now, 0
			}
		}
		if waited >= quiet {
			return fmt.Errorf("awaited: %s; nothing has moved for %v, given up after %v", what, quiet, time.Since(begun).Round(time.Second/10))
		}
		pause := max(pollInterval, 4*time.Since(polled))
		time.Sleep(pause)
		waited += pause
	}
}

// Within is Await without a sign of progress, for what takes a moment. It reports
// whether done came in time.
func Within(limit time.Duration, done func() bool) bool { return Await("", limit, done) == nil }
