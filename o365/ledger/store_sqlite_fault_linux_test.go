package ledger

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func init() {
	roles["fill up to a limit"] = fillUpToLimit
	roles["lose a system call"] = loseSystemCall
}

// refused makes a change fail, and returns what is wrong with the ledger then.
func refused(l *Ledger, stored, n int) error {
	d := delivery(n)
	for _, k := range d.Keys {
		if !claim(l, k) {
			return fmt.Errorf("key of delivery %d is known before", n)
		}
	}
	for range 3 {
		if err := l.Confirm([]Delivery{d}); err == nil || isDamage(err) {
			return fmt.Errorf("delivery %d: %v", n, err)
		}
	}
	for _, k := range d.Keys {
		if claim(l, k) {
			return errors.New("a claimed key was let go")
		}
	}
	if p := l.Progress(d.Stream, d.Blob); p != (Progress{}) {
		return fmt.Errorf("memory moved: %v", p)
	}
	for n := range stored {
		d := delivery(n)
		if p := l.Progress(d.Stream, d.Blob); p != (Progress{d.Through, d.Done}) {
			return fmt.Errorf("delivery %d: %v", n, p)
		}
	}
	// There may be room for something small.
	if err := l.AddGap(Gap{Stream: exchange, Reason: "x", Found: start}); (err == nil) != (len(l.Gaps(exchange)) > 0) {
		return fmt.Errorf("gap: %w, but %v", err, l.Gaps(exchange))
	}
	return nil
}

// fill confirms deliveries from n on, until one is refused.
func fill(l *Ledger, n int) (int, error) {
	for ; n < 100000; n++ {
		if err := l.Confirm([]Delivery{delivery(n)}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// reopened checks that a ledger has the first n deliveries, and no more.
func reopened(t *testing.T, path string, n int) {
	t.Helper()
	var log lines
	l := open(t, path, Options{DedupMax: 1 << 20, Log: log.log})
	defer l.Close()
	for i := range n + 10 {
		if known(t, l, delivery(i)) != (i < n) {
			t.Fatalf("delivery %d of %d: known %v", i, n, i >= n)
		}
	}
	if len(log) > 0 {
		t.Errorf("%q", log)
	}
}

// The kernel writes part of a page and refuses the rest.
func fillUpToLimit(path string, args []string) error {
	limit, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return err
	}
	l, err := tryOpen(path, Options{DedupMax: 1 << 20, Now: at(start)})
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: old.Max}); err != nil {
		return err
	}
	n, why := fill(l, 0)
	if err := refused(l, n, n); err != nil {
		return fmt.Errorf("%w (full: %w)", err, why)
	}
	if len(args) > 1 { // and is killed
		fmt.Println(n)
		return nil
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	if err := l.Confirm([]Delivery{delivery(n)}); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	fmt.Println(n + 1)
	return l.Close()
}

func TestTornWrites(t *testing.T) {
	t.Parallel()
	dir := scratch(t)
	step := 3777
	if brief() {
		step = 20000
	}
	for limit := 60000; limit < 90000; limit += step {
		for _, killed := range []string{"", "killed"} {
			path := filepath.Join(dir, fmt.Sprint(limit, killed))
			out, err := again("fill up to a limit", path, append([]string{strconv.Itoa(limit)}, strings.Fields(killed)...)...).Output()
			if err != nil {
				t.Fatalf("limit %d: %v", limit, err)
			}
			n, err := strconv.Atoi(strings.TrimSpace(string(out)))
			if err != nil || n < 2 {
				t.Fatalf("limit %d: %s", limit, out)
			}
			reopened(t, path, n)
		}
	}
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small file system cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	path := filepath.Join(dir, "o365.db")
	opt := Options{DedupMax: 1 << 20}
	l := open(t, path, opt)
	n, why := fill(l, 0)
	if why == nil || !strings.Contains(why.Error(), "full") || !strings.Contains(why.Error(), path) {
		t.Fatalf("after %d: %v", n, why)
	}
	if err := refused(l, n, n); err != nil {
		t.Fatal(err)
	}

	// A restart while the disk is full.
	l.Close()
	reopened(t, path, n)
	l = open(t, path, opt)
	if err := refused(l, n, n); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other.db")
	if _, err := tryOpen(other, opt); err == nil || isDamage(err) || !strings.Contains(err.Error(), other) {
		t.Errorf("a new one on a full disk: %v", err)
	}

	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=4m"); err != nil {
		t.Fatal(err)
	}
	if err := l.Confirm([]Delivery{delivery(n)}); err != nil {
		t.Errorf("with room again: %v", err)
	}
	l.Close()
	reopened(t, path, n+1)
	open(t, other, opt)
}

// loseSystemCall confirms three deliveries, then has the kernel answer a
// system call with an error, on the database or else on its journal.
func loseSystemCall(path string, args []string) error {
	l, err := tryOpen(path, Options{DedupMax: 1 << 20, Now: at(start)})
	if err != nil {
		return err
	}
	for n := range 3 {
		if err := l.Confirm([]Delivery{delivery(n)}); err != nil {
			return err
		}
	}
	number, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	errno, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	fd, err := descriptor(path)
	if err != nil {
		return err
	}
	if err := deny(number, errno, fd, args[2] == "database"); err != nil {
		fmt.Println("skip:", err)
		return nil
	}
	return refused(l, 3, 3)
}

func descriptor(path string) (int, error) {
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0, err
	}
	for _, e := range dir {
		if to, _ := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); to == path {
			return strconv.Atoi(e.Name())
		}
	}
	return 0, fmt.Errorf("%s is not open", path)
}

// deny makes the system call fail from now on, in all threads: where its first
// argument is fd, or where it is neither fd nor standard output or error.
func deny(number, errno, fd int, same bool) error {
	const nr, arg0 = 0, 16 // offsets in struct seccomp_data, of little-endian machines
	jump := func(op uint16, k, yes, no int) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, K: uint32(k), Jt: uint8(yes), Jf: uint8(no)}
	}
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	give := func(what uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: what}
	}
	on := []int{0, 1} // jumps when it is fd
	if !same {
		on = []int{1, 0}
	}
	filter := []unix.SockFilter{
		load(nr),
		jump(unix.BPF_JEQ, number, 0, 4),
		load(arg0),
		jump(unix.BPF_JGT, 2, 0, 2),
		jump(unix.BPF_JEQ, fd, on[0], on[1]),
		give(unix.SECCOMP_RET_ERRNO | uint32(errno)),
		give(unix.SECCOMP_RET_ALLOW),
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&program))); e != 0 {
		return e
	}
	return nil
}

func TestSystemCallFails(t *testing.T) {
	dir := scratch(t)
	for _, call := range []struct {
		name   string
		number int
		errno  syscall.Errno
	}{
		{"fsync", unix.SYS_FSYNC, unix.EIO},
		{"pwrite", unix.SYS_PWRITE64, unix.EIO},
		{"pwrite", unix.SYS_PWRITE64, unix.ENOSPC},
	} {
		for _, on := range []string{"database", "journal"} {
			t.Run(fmt.Sprint(call.name, " ", on, " ", call.errno), func(t *testing.T) {
				path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_"))
				out, err := again("lose a system call", path, strconv.Itoa(call.number), strconv.Itoa(int(call.errno)), on).Output()
				if err != nil {
					t.Fatal(err)
				}
				if len(out) > 0 {
					t.Skip(string(out))
				}
				reopened(t, path, 3)
			})
		}
	}
}
