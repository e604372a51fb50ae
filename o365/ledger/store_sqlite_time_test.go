package ledger

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// The larger a state file is, the longer opening it may take.
func TestTimeToOpen(t *testing.T) {
	const none = -1
	for _, tt := range []struct {
		bytes int64
		set   time.Duration
		want  time.Duration
	}{
		{none, 0, minOpenTime},
		{0, 0, minOpenTime},
		{openBytesPerSecond - 1, 0, minOpenTime},
		{openBytesPerSecond, 0, minOpenTime + time.Second},
		{100 * openBytesPerSecond, 0, minOpenTime + 100*time.Second},
		{int64(maxOpenTime/time.Second) * openBytesPerSecond, 0, maxOpenTime}, // a file with holes
		{100 * openBytesPerSecond, time.Second, time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if tt.bytes != none {
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(path, tt.bytes); err != nil {
					t.Fatal(err)
				}
			}
			s := newSQLiteStore(path, Options{openTimeLimit: tt.set})
			s.path = path
			err := s.inTime(func() error {
				if end, _ := s.ctx.Deadline(); time.Until(end) != tt.want {
					t.Errorf("%d bytes may take %v, want %v", tt.bytes, time.Until(end), tt.want)
				}
				return nil
			})
			if err != nil || s.ctx != background {
				t.Errorf("%v; the time goes on", err)
			}
		})
	}
}
