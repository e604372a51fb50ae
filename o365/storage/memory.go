package storage

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Memory is a store without a disk, for tests; see [NewMemory].
type Memory struct {
	mu      sync.Mutex
	objects map[string]object
	leases  map[string]*memoryLease
	written int
}

type object struct {
	Info
	content []byte
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{objects: map[string]object{}, leases: map[string]*memoryLease{}}
}

func (m *Memory) Create(ctx context.Context, name string) (Upload, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return &memoryUpload{ctx: ctx, memory: m, name: name}, ctx.Err()
}

func (m *Memory) Put(ctx context.Context, name string, content []byte, metadata Metadata, version Version) (Version, error) {
	if err := cmp.Or(ctx.Err(), checkName(name), metadata.check()); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.objects[name]
	switch {
	case exists && version == "":
		return "", ErrExists
	case old.Version != version:
		return "", ErrChanged
	}
	m.written++
	now := Version(strconv.Itoa(m.written))
	m.objects[name] = object{content: bytes.Clone(content), Info: Info{
		Name: name, Size: int64(len(content)), Modified: time.Now(), Version: now, Metadata: maps.Clone(metadata),
	}}
	return now, nil
}

func (m *Memory) Get(ctx context.Context, name string) (io.ReadCloser, Info, error) {
	o, err := m.object(ctx, name)
	if err != nil {
		return nil, Info{}, err
	}
	return io.NopCloser(bytes.NewReader(o.content)), o.Info, nil
}

func (m *Memory) Stat(ctx context.Context, name string) (Info, error) {
	o, err := m.object(ctx, name)
	return o.Info, err
}

func (m *Memory) object(ctx context.Context, name string) (object, error) {
	if err := cmp.Or(ctx.Err(), checkName(name)); err != nil {
		return object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, exists := m.objects[name]
	if !exists {
		return object{}, ErrNotFound
	}
	o.Metadata = maps.Clone(o.Metadata)
	return o, nil
}

func (m *Memory) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		m.mu.Lock()
		var all []Info
		for name, o := range m.objects {
			if strings.HasPrefix(name, prefix) && name > after {
				o.Metadata = nil
				all = append(all, o.Info)
			}
		}
		m.mu.Unlock()
		slices.SortFunc(all, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
		for _, info := range all {
			if err := ctx.Err(); err != nil {
				yield(Info{}, err)
				return
			}
			if !yield(info, nil) {
				return
			}
		}
	}
}

func (m *Memory) Delete(ctx context.Context, name string) error {
	if err := cmp.Or(ctx.Err(), checkName(name)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

type memoryUpload struct {
	ctx    context.Context
	memory *Memory
	name   string
	buf    bytes.Buffer
	done   bool
}

func (u *memoryUpload) Write(p []byte) (int, error) {
	if u.done {
		return 0, errDone
	}
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.buf.Write(p)
}

func (u *memoryUpload) Commit(metadata Metadata) error {
	if u.done {
		return errDone
	}
	u.done = true
	_, err := u.memory.Put(u.ctx, u.name, u.buf.Bytes(), metadata, "")
	return err
}

func (u *memoryUpload) Abort() { u.done = true }

type memoryLease struct {
	memory *Memory
	name   string
	term   time.Duration
	until  time.Time
}

func (m *Memory) Lease(ctx context.Context, name string, term time.Duration) (Lease, error) {
	if err := cmp.Or(ctx.Err(), checkName(name), checkTerm(term)); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if held := m.leases[name]; held != nil && time.Now().Before(held.until) {
		return nil, ErrLeased
	}
	l := &memoryLease{memory: m, name: name, term: term, until: time.Now().Add(term)}
	m.leases[name] = l
	return l, nil
}

func (l *memoryLease) Renew(ctx context.Context) error {
	l.memory.mu.Lock()
	defer l.memory.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case l.memory.leases[l.name] != l:
		return ErrLeased
	}
	l.until = time.Now().Add(l.term)
	return nil
}

func (l *memoryLease) Release(context.Context) error {
	l.memory.mu.Lock()
	defer l.memory.mu.Unlock()
	if l.memory.leases[l.name] == l {
		delete(l.memory.leases, l.name)
	}
	return nil
}
