package storage

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path"
	"syscall"
	"time"
)

// lockPoll is how often a lock is tried that somebody else holds, which takes as long
// as it takes to bring a small file to the disk.
const lockPoll = 5 * time.Millisecond

// lock keeps other goroutines and processes from changing what is under a name. A lock
// ends with its process, and Linux extends it over NFS and SMB. A store has 256 of
// them, which names share.
func (f *Folder) lock(ctx context.Context, root *os.Root, name string) (unlock func(), err error) {
	if err := makeFolders(root, locksFolder); err != nil {
		return nil, f.explain(err)
	}
	hash := fnv.New32a()
	hash.Write([]byte(name))
	file, err := root.OpenFile(path.Join(locksFolder, fmt.Sprintf("%02x", hash.Sum32()%256)), os.O_RDWR|os.O_CREATE, 0o660)
	if err != nil {
		return nil, f.explain(err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { file.Close() }, nil
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			file.Close()
			return nil, f.explain(&os.PathError{Op: "flock", Path: file.Name(), Err: err})
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}
