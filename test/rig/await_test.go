package rig

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAwait(t *testing.T) {
	tests := []struct {
		name  string
		ends  time.Duration // when it is done
		moves time.Duration // until when there is progress, every second
		took  time.Duration
		fails bool
	}{
		{"at once", 0, 0, 0, false},
		{"soon", 9 * time.Second, 0, 9 * time.Second, false},
		{"late, but it moves", time.Hour, time.Hour, time.Hour, false},
		{"never", 2 * time.Hour, 0, 10 * time.Second, true},
		{"stuck", 2 * time.Hour, time.Minute, 70 * time.Second, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				err := Await("the end", 10*time.Second,
					func() bool { return time.Since(begun) >= test.ends },
					func() int { return int(min(time.Since(begun), test.moves) / time.Second) })
				if took := time.Since(begun).Round(time.Second); took != test.took || (err != nil) != test.fails {
					t.Errorf("%v after %v", err, took)
				}
				if test.fails && !strings.Contains(err.Error(), "awaited: the end; nothing has moved for 10s") {
					t.Error(err)
				}
			})
		})
	}
}
