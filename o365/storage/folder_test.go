package storage

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestFolder(t *testing.T) {
	conform(t, subject{
		open: func(t *testing.T) (Store, func() Store) {
			dir := t.TempDir()
			return NewFolder(dir), func() Store { return NewFolder(dir) }
		},
		expire: func(t *testing.T, s Store, name string, term time.Duration) {
			age(t, filepath.Join(s.(*Folder).dir, leaseOf(name)), term+time.Second) // the system's clock for files is a little slow
		},
	})
}

// age makes a file older.
func age(t *testing.T, file string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(file, then, then); err != nil {
		t.Fatal(err)
	}
}
