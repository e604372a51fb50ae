package archive

import (
	"context"
	"errors"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

const (
	// blockSize is how many bytes are handed to the storage at once, and blocksAhead how
	// many such blocks wait for it.
	blockSize   = 64 << 10
	blocksAhead = 2
	// patience is how long one content waits for the storage in all, before its records
	// flow on without a copy.
	patience = 10 * time.Second
)

// Memory is the most that the copy of one content takes, in bytes: its blocks, the
// storage's own, and what compresses.
const Memory = (blocksAhead+2)*blockSize + 512<<10

// errSlow means that patience is over.
var errSlow = errors.New("the storage does not keep up")

// sender writes one object, in a goroutine of its own, so that a storage that is slow or
// hangs holds up the content's reader for no longer than patience.
type sender struct {
	cancel   context.CancelFunc
	ended    chan struct{} // closed when the goroutine has ended
	blocks   chan []byte
	result   chan error       // of the goroutine; has room for it
	metadata storage.Metadata // of the whole object; nil: it is given up. Set before blocks is closed
	block    []byte           // to be sent next
	patience time.Duration    // what is left of it
	sent     int64            // bytes
	err      error            // nothing more is sent
}

// send begins an object. The goroutine runs by means of run.
func send(ctx context.Context, store storage.Store, name string, run func(func())) *sender {
	ctx, cancel := context.WithCancel(ctx)
	s := &sender{cancel: cancel, ended: make(chan struct{}), blocks: make(chan []byte, blocksAhead), result: make(chan error, 1), patience: patience}
	run(func() {
		defer close(s.ended)
		defer cancel()
		s.result <- s.write(ctx, store, name)
	})
	return s
}

// write is the goroutine's: it writes the blocks until there are no more.
func (s *sender) write(ctx context.Context, store storage.Store, name string) error {
	up, err := store.Create(ctx, name)
	if err != nil {
		return err
	}
	defer up.Abort()
	for b := range s.blocks {
		if _, err := up.Write(b); err != nil {
			return err
		}
	}
	if s.metadata == nil || ctx.Err() != nil {
		return context.Canceled
	}
	return up.Commit(s.metadata)
}

// Write implements [io.Writer]. It never fails: the content goes on without its copy,
// and finish returns why.
func (s *sender) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && s.err == nil {
		fits := min(len(p), blockSize-len(s.block))
		s.block = append(s.block, p[:fits]...)
		p = p[fits:]
		if len(s.block) == blockSize {
			s.flush()
		}
	}
	return n, nil
}

// flush sends the block.
func (s *sender) flush() {
	if len(s.block) == 0 || s.err != nil {
		return
	}
	b := s.block
	s.block = nil
	s.sent += int64(len(b))
	select {
	case s.blocks <- b:
		return
	default:
	}
	s.wait(func(over <-chan time.Time) error {
		select {
		case s.blocks <- b:
			return nil
		case err := <-s.result:
			return err
		case <-over:
			return errSlow
		}
	})
}

// wait waits within what is left of the patience, and keeps the error.
func (s *sender) wait(f func(over <-chan time.Time) error) {
	begun := time.Now()
	over := time.NewTimer(s.patience)
	defer over.Stop()
	s.err = f(over.C)
	s.patience -= time.Since(begun)
	if s.err != nil {
		s.cancel()
	}
}

// finish completes the object, and returns how many bytes it has. After an error there
// is none, as far as is known.
func (s *sender) finish(metadata storage.Metadata) (int64, error) {
	s.flush()
	if s.err == nil {
		s.metadata = metadata
		close(s.blocks)
		s.wait(func(over <-chan time.Time) error {
			select {
			case err := <-s.result:
				return err
			case <-over:
				return errSlow
			}
		})
	} else {
		close(s.blocks)
	}
	return s.sent, s.err
}

// abort gives the object up.
func (s *sender) abort() {
	s.cancel()
	close(s.blocks)
}
