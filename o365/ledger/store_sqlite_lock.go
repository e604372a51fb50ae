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

// ErrLocked says that another process, or another instance in this one, has
// the ledger's file.
var ErrLocked = errors.New("in use by another process or instance")

// holderForm is what a lock says of its holder.
var holderForm = regexp.MustCompile(`^pid [0-9]+ on [^\n]*\n?$`)

const mostHolder = 256 // bytes

// acquire locks the file at path until it is closed or the process ends. It is
// a file of its own, never deleted: closing any descriptor of the database
// would drop SQLite's own locks, and flock excludes the same process too. What
// is not a lock of this plugin stays as it is.
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

// readHolder returns what a lock says of its holder, or errNoLock. Zeros are what
// a loss of power may leave of it.
func readHolder(f *os.File) (string, error) {
	text, err := io.ReadAll(io.LimitReader(f, mostHolder+1))
	if err != nil {
		return "", err
	}
	known := bytes.Trim(text, "\x00")
	if len(text) > mostHolder || len(known) > 0 && !holderForm.Match(known) {
		return "", errNoLock
	}
	return string(known), nil
}

// release unlocks before it closes: a process that is just being forked from
// this one still has the descriptor, and would keep the lock.
func release(f *os.File) error {
	return errors.Join(syscall.Flock(int(f.Fd()), syscall.LOCK_UN), f.Close())
}
