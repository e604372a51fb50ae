package ledger

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	l := open(t, path, Options{})
	if err := l.Confirm([]Delivery{delivery(1)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".lock", path + "-journal"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v %v", info.Mode(), err)
		}
	}
}

func TestConfirmIsIdempotent(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	l := open(t, path, Options{})
	var first os.FileInfo
	for n := range 200 {
		if err := l.Confirm([]Delivery{delivery(3), delivery(3)}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = info
		}
		if info.Size() != first.Size() || !info.ModTime().Equal(first.ModTime()) {
			t.Fatal("what is known was written again")
		}
	}
	part := delivery(4)
	part.Through, part.Done, part.Keys = 9, false, nil
	less := part
	less.Through = 2
	done := part
	done.Done = true
	for i, d := range []Delivery{part, less, done, less} {
		if err := l.Confirm([]Delivery{d}); err != nil {
			t.Fatal(err)
		}
		if got, want := l.Progress(exchange, d.Blob), (Progress{9, i >= 2}); got != want {
			t.Errorf("step %d: %v instead of %v", i, got, want)
		}
	}
}

func TestLocked(t *testing.T) {
	dir := scratch(t)
	path := filepath.Join(dir, "o365.db")
	l := open(t, path, Options{})
	link := filepath.Join(scratch(t), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, link, filepath.Join(dir, ".", "..", filepath.Base(dir), "o365.db")} {
		_, err := tryOpen(name, Options{})
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), fmt.Sprint("pid ", os.Getpid())) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := l.Confirm([]Delivery{delivery(1)}); err != nil {
		t.Errorf("the holder, after others tried: %v", err)
	}
	forked, err := syscall.Dup(int(l.store.(*sqliteStore).lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(forked)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path, Options{}).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := scratch(t)
	plain := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := func(name, sql string) string {
		path := filepath.Join(dir, name)
		l := open(t, path, Options{})
		if err := l.store.(*sqliteStore).exec(sql); err != nil {
			t.Fatal(err)
		}
		l.Close()
		return path
	}
	for _, test := range []struct{ path, want string }{
		{filepath.Join(dir, "no", "o365.db"), "directory " + filepath.Join(dir, "no") + " does not exist: create it"},
		{filepath.Join(plain("plain", "text"), "o365.db"), "not a directory"},
		{dir, "is a directory: name a file in it"},
		{"/dev/full", "is not a regular file"},
		{script("newer.db", "PRAGMA user_version = 3"), "newer version (schema 3, this one knows 2)"},
		{script("tail.db", "PRAGMA application_id = 0"), "SQLite database of another program"},
	} {
		_, err := tryOpen(test.path, Options{})
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), fmt.Sprintf("db %q: ", test.path)) {
			t.Errorf("%v\ndoes not say %q", err, test.want)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, "*.corrupt-*")); len(aside) > 0 {
		t.Errorf("set aside: %v", aside)
	}
}

// A transaction may have more keys than fit into a row.
func TestManyKeysInOneTransaction(t *testing.T) {
	if brief() {
		t.Skip("takes its time")
	}
	const n = maxRowBytes/len(Key{}) + 1000
	path := filepath.Join(scratch(t), "o365.db")
	opt := Options{DedupMax: 2 * n, Log: func(_ logging.Level, line string) { t.Error(line) }}
	l := open(t, path, opt)
	d := Delivery{Stream: exchange, Blob: "b", Created: start, Keys: make([]Key, n)}
	for i := range d.Keys {
		d.Keys[i] = keyOf(uint64(2*i), 1)
	}
	for _, keys := range [][]Key{d.Keys, {keyOf(2*uint64(n), 1)}} {
		if err := l.Confirm([]Delivery{{Stream: exchange, Blob: "b", Created: start, Keys: keys}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, reopened := range []bool{false, true} {
		if reopened {
			l.Close()
			l = open(t, path, opt)
		}
		if rows := count(t, l, "SELECT count(*) FROM keys WHERE id BETWEEN 1 AND 6"); rows != 6 {
			t.Errorf("%d rows", rows)
		}
		if l.state.keys.total != n+1 || l.state.keys.next != 7 {
			t.Errorf("%d keys, the next row is %d", l.state.keys.total, l.state.keys.next)
		}
		for i := range uint64(n + 1) {
			if !l.state.keys.has(keyOf(2*i, 1)) {
				t.Fatalf("key %d is not known", i)
			}
		}
	}
}

// An operator reads the file with an ordinary tool while it is in use.
func TestReadByOthers(t *testing.T) {
	tool, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("sqlite3 is not installed")
	}
	path := filepath.Join(scratch(t), "o365.db")
	l := open(t, path, Options{})
	if err := errors.Join(l.Confirm([]Delivery{delivery(1)}), l.Complete(exchange, source.Span{From: start.Add(-time.Hour), To: start}),
		l.AddGap(Gap{exchange, source.Span{From: start.Add(-time.Hour), To: start}, "expired", start})); err != nil {
		t.Fatal(err)
	}
	for view, want := range map[string]string{
		"delivered": "t1|Audit.Exchange|" + delivery(1).Blob + "|2026-03-01 11:59:00|2|1|2026-03-09 12:00:00",
		"complete":  "t1|Audit.Exchange|2026-03-01 11:00:00|2026-03-01 12:00:00",
		"missing":   "t1|Audit.Exchange|2026-03-01 11:00:00|2026-03-01 12:00:00|expired|2026-03-01 12:00:00",
	} {
		out, err := exec.Command(tool, path, "SELECT * FROM "+view).CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%s: %v\n got %s\nwant %s", view, err, got, want)
		}
	}

	// A reader that will not finish costs nothing but time.
	reader := exec.Command(tool, path)
	in, _ := reader.StdinPipe()
	out, _ := reader.StdoutPipe()
	if err := reader.Start(); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(in, "BEGIN; SELECT count(*) FROM blobs;")
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if err := l.Confirm([]Delivery{delivery(2)}); err == nil || isDamage(err) {
		t.Errorf("with a reader in the way: %v", err)
	}
	if known(t, l, delivery(2)) || !known(t, l, delivery(1)) {
		t.Error("memory moved although the store did not")
	}
	fmt.Fprintln(in, "COMMIT;")
	in.Close()
	reader.Wait()
	if err := l.Confirm([]Delivery{delivery(2)}); err != nil || !known(t, l, delivery(2)) {
		t.Errorf("after the reader: %v", err)
	}
}

// Somebody deletes the file while it is in use: what is confirmed from now on
// must not go to a file without a name.
func TestFileTakenAway(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	var log lines
	l := open(t, path, Options{Log: log.log})
	since(t, l, start, start)
	if err := errors.Join(l.Confirm([]Delivery{delivery(1)}), os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	for try := 0; l.Confirm([]Delivery{delivery(2)}) != nil; try++ {
		if try == 3 {
			t.Fatal("never stored again")
		}
	}
	if !known(t, l, delivery(1)) || !known(t, l, delivery(2)) {
		t.Error("memory forgot")
	}
	l.Close()
	if l = open(t, path, Options{}); !known(t, l, delivery(2)) {
		t.Error("confirmed, but not stored")
	}
	since(t, l, start.Add(time.Hour), start)
	if len(log) != 1 || !strings.Contains(log[0], "is gone") {
		t.Errorf("%q", log)
	}
}
