package ledger

import (
	"context"
	"database/sql"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
)

// obstacles are what may lie where a file of the ledger is to be.
var obstacles = map[string]func(t *testing.T, path, victim string){
	"link":         func(t *testing.T, path, victim string) { must(t, os.Symlink(victim, path)) },
	"link to none": func(t *testing.T, path, _ string) { must(t, os.Symlink(path+".none", path)) },
	"hard link":    func(t *testing.T, path, victim string) { must(t, os.Link(victim, path)) },
	"pipe":         func(t *testing.T, path, _ string) { must(t, syscall.Mkfifo(path, 0o600)) },
	"folder":       func(t *testing.T, path, _ string) { must(t, os.Mkdir(path, 0o700)) },
	"device":       func(t *testing.T, path, _ string) { must(t, os.Symlink("/dev/zero", path)) },
	"foreign text": func(t *testing.T, path, _ string) { must(t, os.WriteFile(path, []byte("precious"), 0o600)) },
	"socket": func(t *testing.T, path, _ string) {
		l, err := net.Listen("unix", path)
		must(t, err)
		t.Cleanup(func() { l.Close() })
	},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Whatever lies there, nothing is overwritten that is not the ledger's, nothing
// hangs, and the line says which file is wrong.
func TestObstacles(t *testing.T) {
	for _, suffix := range []string{"", ".lock", "-journal"} {
		for name, put := range obstacles {
			t.Run("db"+suffix+", "+name, func(t *testing.T) {
				dir := t.TempDir()
				path, victim := filepath.Join(dir, "o365.db"), filepath.Join(dir, "victim")
				must(t, os.WriteFile(victim, []byte("precious"), 0o600))
				put(t, path+suffix, victim)
				log := ""
				opened := make(chan error, 1)
				go func() {
					l, err := Open(path, Options{DedupMax: 10, Log: func(_ health.Level, line string) { log += line }})
					if err == nil {
						l.Close()
					}
					opened <- err
				}()
				var err error
				select {
				case err = <-opened:
				case <-time.After(30 * time.Second):
					t.Fatal("it hangs")
				}
				// A link of the state file itself is followed on purpose; a file
				// with other content is set aside, and a journal of none is not
				// replayed.
				used := suffix == "" && name == "link" || suffix != ".lock" && name == "foreign text"
				if used != (err == nil) {
					t.Fatalf("got %v", err)
				}
				if err != nil && !(strings.Contains(err.Error(), path) && strings.Contains(err.Error(), ": ")) {
					t.Errorf("got %v", err)
				}
				t.Log(err, log)
				if text, err := os.ReadFile(victim); suffix != "" || name == "hard link" {
					if err != nil || string(text) != "precious" {
						t.Errorf("the other file has %q now, %v", text, err)
					}
				}
				if name == "foreign text" && suffix == ".lock" {
					if text, _ := os.ReadFile(path + suffix); string(text) != "precious" {
						t.Errorf("the lock has %q now", text)
					}
				}
			})
		}
	}
}

// A file that calls itself a ledger and is none is kept, and not run.
func TestHostileSchema(t *testing.T) {
	for name, change := range map[string]string{
		"endless view":  `DROP TABLE streams; CREATE VIEW streams AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 't' AS tenant, 'c' AS content_type FROM n`,
		"endless since": `DROP TABLE since; CREATE VIEW since AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS stream, i AS start, 0 AS checksum FROM n`,
		"trigger":       `CREATE TRIGGER t AFTER INSERT ON blobs BEGIN DELETE FROM blobs; END`,
		"index":         `CREATE INDEX i ON blobs (created)`,
		"column":        `ALTER TABLE blobs ADD COLUMN extra INTEGER`,
		"generated":     `ALTER TABLE gaps ADD COLUMN g INTEGER GENERATED ALWAYS AS (zeroblob(1000000000))`,
		"view changed":  `DROP VIEW missing; CREATE VIEW missing AS SELECT 1`,
		"huge row":      `INSERT INTO keys VALUES (1, 1, zeroblob(100000000), 0)`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(scratch(t), "o365.db")
			open(t, path, Options{DedupMax: 10}).Close()
			edit(t, path, change)
			var lines []string
			begun := time.Now()
			l, err := Open(path, Options{DedupMax: 10, Log: func(_ health.Level, line string) { lines = append(lines, line) }})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			aside, _ := filepath.Glob(path + ".corrupt-*")
			if len(aside) != 1 || len(lines) != 1 || !strings.Contains(lines[0], "is kept as") {
				t.Errorf("%v, %q after %v", aside, lines, time.Since(begun))
			}
		})
	}
}

// Somebody who keeps the file locked does not keep the start waiting.
func TestLockedByAnother(t *testing.T) {
	path := filepath.Join(scratch(t), "o365.db")
	open(t, path, Options{DedupMax: 10}).Close()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	conn, err := db.Conn(context.Background())
	must(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(context.Background(), "BEGIN EXCLUSIVE")
	must(t, err)
	l, err := Open(path, Options{DedupMax: 10})
	if err == nil {
		l.Close()
	}
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another program keeps it locked") {
		t.Errorf("got %v", err)
	}
}
