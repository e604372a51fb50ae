package ledger

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Damage that shows while the ledger is in use.
func TestDamageInUse(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	var log lines
	l := open(t, path, Options{Log: log.log})
	since(t, l, start, start)
	if err := l.Confirm([]Delivery{delivery(1)}); err != nil {
		t.Fatal(err)
	}
	f := l.store.(*sqliteStore)
	f.disconnect() // as after any error
	if err := os.WriteFile(path, bytes.Repeat([]byte{0xa5}, 20*page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Confirm([]Delivery{delivery(2)}); err != nil {
		t.Fatal(err)
	}
	if !known(t, l, delivery(1)) || !known(t, l, delivery(2)) {
		t.Error("memory forgot")
	}
	if len(log) != 1 || !strings.Contains(log[0], "is damaged") {
		t.Errorf("%q", log)
	}
	l.Close()
	if l = open(t, path, Options{}); known(t, l, delivery(1)) || !known(t, l, delivery(2)) {
		t.Error("the new file must have what came after it was begun")
	}
	since(t, l, start.Add(time.Hour), start)
}

// A new file that is damaged as well is an error until the next start.
func TestDamagedAgain(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	now := start
	var log lines
	opt := Options{Log: log.log, Now: func() time.Time { now = now.Add(time.Second); return now }}
	l := open(t, path, opt)
	for n := range 3 {
		l.store.(*sqliteStore).disconnect() // as after any error
		if err := os.WriteFile(path, bytes.Repeat([]byte{0xa5}, 20*page), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := l.Confirm([]Delivery{delivery(n)}); (err == nil) != (n == 0) || known(t, l, delivery(n)) != (n == 0) {
			t.Errorf("damage %d: %v", n+1, err)
		}
	}
	if aside, _ := filepath.Glob(path + ".corrupt-*Z"); len(log) != 1 || len(aside) != 1 {
		t.Errorf("%q, %q", log, aside)
	}
	l.Close()
	if l = open(t, path, opt); len(log) != 2 {
		t.Errorf("the next start: %q", log)
	}
	if err := l.Confirm([]Delivery{delivery(3)}); err != nil {
		t.Error(err)
	}
}
