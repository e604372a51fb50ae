//go:build unix

package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"syscall"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/files"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
)

// holderForm is the content of a lock: who holds it.
var holderForm = regexp.MustCompile(`^pid [0-9]+ on [^\n]*\n?$`)

const maxHolderBytes = 256

// acquire locks the file at path until it is released or the process ends, or
// returns ErrLocked. It is a file of its own, never deleted: closing any descriptor
// of the database would drop SQLite's own locks, and flock excludes the same process
// too. A file that is not a lock of this plugin is not changed.
func acquire(path string) (*os.File, error) {
	f, err := files.OpenOwn(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	if err := hold(f); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func hold(f *os.File) error {
	lockErr := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	holder, err := readHolder(f)
	switch {
	case errors.Is(lockErr, syscall.EWOULDBLOCK) && holder != "":
		return fmt.Errorf("%w (%s)", ErrLocked, sanitize.Text(holder, sanitize.MaxText))
	case errors.Is(lockErr, syscall.EWOULDBLOCK):
		return ErrLocked
	case lockErr != nil:
		return fmt.Errorf("lock %s: %w", f.Name(), lockErr)
	case err != nil:
		return unusable(f.Name(), err)
	}
	// The holder is only a hint for the line above, so a full disk does not matter.
	host, _ := os.Hostname()
	if f.Truncate(0) == nil {
		_, _ = f.WriteAt(fmt.Appendf(nil, "pid %d on %s\n", os.Getpid(), host), 0)
	}
	return nil
}

// readHolder returns the content of a lock, or errNoLock. A loss of power may leave
// zeros in it.
func readHolder(f *os.File) (string, error) {
	text, err := io.ReadAll(io.LimitReader(f, maxHolderBytes+1))
	if err != nil {
		return "", err
	}
	holder := bytes.Trim(text, "\x00")
	if len(text) > maxHolderBytes || len(holder) > 0 && !holderForm.Match(holder) {
		return "", errNoLock
	}
	return string(holder), nil
}

// release unlocks before it closes: a process that is just being forked from
// this one still has the descriptor, and would keep the lock.
func release(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
