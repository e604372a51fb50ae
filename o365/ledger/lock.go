//go:build unix

package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
)

// ErrLocked says that another process, or another instance in this one, has
// the ledger's file.
var ErrLocked = errors.New("in use by another process or instance")

// holderForm is what a lock says of its holder, as far as it was written.
var holderForm = regexp.MustCompile(`^p(i(d( ([0-9]+( on [^\n]*\n?)?)?)?)?)?$`)

// acquire locks the file at path until it is closed or the process ends. It is
// a file of its own, never deleted: closing any descriptor of the database
// would drop SQLite's own locks, and flock excludes the same process too.
func acquire(path string) (*os.File, error) {
	f, err := files.OpenOwn(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: remove it, or name another db", path, err)
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
	before, err := io.ReadAll(io.LimitReader(f, 256))
	if err == nil && len(before) > 0 && !holderForm.Match(before) {
		f.Close()
		return nil, fmt.Errorf("%s: is not a lock of this plugin: remove it, or name another db", path)
	}
	// The holder is only a hint for the line above, so a full disk does not matter.
	host, _ := os.Hostname()
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt(fmt.Appendf(nil, "pid %d on %s\n", os.Getpid(), host), 0)
	}
	return f, nil
}

// release unlocks before it closes: a process that is just being forked from
// this one still has the descriptor, and would keep the lock.
func release(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
