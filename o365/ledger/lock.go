//go:build unix

package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// ErrLocked says that another process, or another instance in this one, has
// the ledger's file.
var ErrLocked = errors.New("in use by another process or instance")

// acquire locks the file at path until it is closed or the process ends. It is
// a file of its own, never deleted: closing any descriptor of the database
// would drop SQLite's own locks, and flock excludes the same process too.
func acquire(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); {
	case errors.Is(err, syscall.EWOULDBLOCK):
		holder, _ := io.ReadAll(io.LimitReader(f, 256))
		f.Close()
		if len(holder) == 0 {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("%w (%s)", ErrLocked, strings.TrimSpace(string(holder)))
	case err != nil:
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	// The holder is only a hint for the line above, so a full disk does not matter.
	host, _ := os.Hostname()
	if f.Truncate(0) == nil {
		fmt.Fprintf(f, "pid %d on %s\n", os.Getpid(), host)
	}
	return f, nil
}

// release unlocks before it closes: a process that is just being forked from
// this one still has the descriptor, and would keep the lock.
func release(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
