package storage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
)

// operation is one call or a few, and what must be there when they have succeeded.
type operation struct {
	name    string
	prepare func(t *testing.T, s Store) Version
	run     func(t *testing.T, s Store, version Version) error
	check   func(t *testing.T, s Store)
}

func prepared(content string) func(*testing.T, Store) Version {
	return func(t *testing.T, s Store) Version {
		return must(s.Put(t.Context(), "a", []byte(content), Metadata{"n": "0"}, ""))(t)
	}
}

func nothing(*testing.T, Store) Version { return "" }

func holds(content []byte, n string) func(*testing.T, Store) {
	return func(t *testing.T, s Store) {
		t.Helper()
		if got, info := read(t, s, "a"); !bytes.Equal(got, content) || info.Metadata["n"] != n {
			t.Errorf("%d bytes, %+v, want %d bytes of writer %s", len(got), info, len(content), n)
		}
		if all := names(t, s, "", ""); !slices.Equal(all, []string{"a"}) {
			t.Errorf("listed %q", all)
		}
	}
}

func isEmpty(t *testing.T, s Store) {
	if all := names(t, s, "", ""); len(all) != 0 {
		t.Errorf("listed %q", all)
	}
}

func upload(content []byte) func(*testing.T, Store, Version) error {
	return func(t *testing.T, s Store, _ Version) error {
		u := must(s.Create(t.Context(), "a"))(t)
		defer u.Abort()
		_, err := u.Write(content)
		if err != nil {
			return err
		}
		return u.Commit(Metadata{"n": "1"})
	}
}

func operations(t *testing.T) []operation {
	large := must(io.ReadAll(pieces(5<<19, 1<<20)))(t) // of three blocks
	return []operation{
		{"small upload", nothing, upload([]byte("new")), holds([]byte("new"), "1")},
		{"large upload", nothing, upload(large), holds(large, "1")},
		{"first put", nothing, func(t *testing.T, s Store, _ Version) error {
			_, err := s.Put(t.Context(), "a", []byte("new"), Metadata{"n": "1"}, "")
			return err
		}, holds([]byte("new"), "1")},
		{"second put", prepared("old"), func(t *testing.T, s Store, version Version) error {
			version, err := s.Put(t.Context(), "a", []byte("new"), Metadata{"n": "1"}, version)
			if err != nil {
				return err
			}
			if info := must(s.Stat(t.Context(), "a"))(t); info.Version != version {
				t.Errorf("version %s, put has said %s", info.Version, version)
			}
			return nil
		}, holds([]byte("new"), "1")},
		{"get", prepared(string(large)), func(t *testing.T, s Store, _ Version) error {
			r, _, err := s.Get(t.Context(), "a")
			if err != nil {
				return err
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if err == nil && !bytes.Equal(got, large) {
				t.Errorf("%d other bytes", len(got))
			}
			return err
		}, holds(large, "0")},
		{"stat", prepared("old"), func(t *testing.T, s Store, _ Version) error {
			_, err := s.Stat(t.Context(), "a")
			return err
		}, holds([]byte("old"), "0")},
		{"list", prepared("old"), func(t *testing.T, s Store, _ Version) error {
			for info, err := range s.List(t.Context(), "", "") {
				if err != nil {
					return err
				}
				if info.Name != "a" {
					t.Errorf("%+v", info)
				}
			}
			return nil
		}, holds([]byte("old"), "0")},
		{"delete", prepared("old"), func(t *testing.T, s Store, _ Version) error { return s.Delete(t.Context(), "a") }, isEmpty},
		{"lease", nothing, func(t *testing.T, s Store, _ Version) error {
			lease, err := s.Lease(t.Context(), "l", minTerm)
			if err != nil {
				return err
			}
			if err := lease.Renew(t.Context()); err != nil {
				return err
			}
			return lease.Release(t.Context())
		}, func(t *testing.T, s Store) {
			lease := must(s.Lease(t.Context(), "l", minTerm))(t)
			wants(t, "release", lease.Release(t.Context()), nil)
		}},
	}
}

// TestAzureFaults does each harm to each request of each operation, which then succeeds
// all the same, and once.
func TestAzureFaults(t *testing.T) {
	server := azuriteServer(t)
	faulty := newFaults(t, server.URL)
	for _, op := range operations(t) {
		for name, harm := range transient {
			t.Run(op.name+"/"+name, func(t *testing.T) {
				for n, more := 0, true; more; n++ {
					store := openAzure(t, newContainer(t, faulty.url), Options{HTTP: server.Client, SharedKey: emulatorKey})
					version := op.prepare(t, store)
					faulty.next(only(n, harm))
					err := op.run(t, store, version)
					seen := faulty.seen()
					faulty.next(nil)
					if err != nil {
						t.Errorf("request %d of %q: %v", n, seen, err)
					}
					op.check(t, store)
					more = n+1 < len(seen)
				}
			})
		}
	}
}

// TestAzureOutages has each operation meet one answer again and again. It fails, with an
// explanation, and has changed nothing.
func TestAzureOutages(t *testing.T) {
	server := azuriteServer(t)
	faulty := newFaults(t, server.URL)
	for _, op := range operations(t) {
		for _, test := range []struct {
			name string
			harm fault
			most int // of requests
		}{
			{"busy", answerWith(http.StatusServiceUnavailable, "ServerBusy"), 8},
			{"forbidden", answerWith(http.StatusForbidden, "AuthorizationFailure"), 1},
			{"reset", resetBefore, 8},
		} {
			t.Run(op.name+"/"+test.name, func(t *testing.T) {
				store := openAzure(t, newContainer(t, faulty.url), Options{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, SharedKey: emulatorKey})
				version := op.prepare(t, store)
				before := fmt.Sprint(names(t, store, "", ""))
				faulty.next(always(test.harm))
				err := op.run(t, store, version)
				seen := faulty.seen()
				faulty.next(nil)
				var explained *Error
				if !errors.As(err, &explained) || len(seen) > test.most {
					t.Errorf("%v (%T), after %d requests", err, err, len(seen))
				}
				if after := fmt.Sprint(names(t, store, "", "")); after != before {
					t.Errorf("before %s, after %s", before, after)
				}
				if version != "" {
					if info := must(store.Stat(t.Context(), "a"))(t); info.Version != version {
						t.Errorf("it has changed: %+v", info)
					}
				}
			})
		}
	}
}

// TestAzureLostThenOther is the answer of another writer, not a lost one of our own.
func TestAzureLostThenOther(t *testing.T) {
	server := azuriteServer(t)
	faulty := newFaults(t, server.URL)
	url := newContainer(t, faulty.url)
	o := Options{HTTP: server.Client, SharedKey: emulatorKey}
	store, other := openAzure(t, url, o), openAzure(t, server.URL+url[len(faulty.url):], o)
	// The other one is faster: it writes what looks the same before our first try.
	faster := func(f *faults, w http.ResponseWriter, r *http.Request) {
		if err := create(t, other, "a", []byte("same"), Metadata{"n": "1"}); err != nil {
			t.Error(err)
		}
		resetAfter(f, w, r)
	}
	faulty.next(only(0, faster))
	wants(t, "commit", create(t, store, "a", []byte("same"), Metadata{"n": "1"}), ErrExists)

	// Here it is deleted while the answer is lost, and the other one writes again.
	faulty.next(only(0, func(f *faults, w http.ResponseWriter, r *http.Request) {
		f.forward.ServeHTTP(httptest.NewRecorder(), r)
		wants(t, "delete", other.Delete(t.Context(), "b"), nil)
		wants(t, "commit", create(t, other, "b", []byte("theirs"), nil), nil)
		panic(http.ErrAbortHandler)
	}))
	_, err := store.Put(t.Context(), "b", []byte("ours"), nil, "")
	wants(t, "put", err, ErrExists)
	if content, _ := read(t, store, "b"); string(content) != "theirs" {
		t.Errorf("%q", content)
	}
}

// TestAzureRefusals has writes meet answers that are no faults.
func TestAzureRefusals(t *testing.T) {
	server := azuriteServer(t)
	faulty := newFaults(t, server.URL)
	refuse := func(status int, code string) fault {
		return func(f *faults, w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead || r.Method == http.MethodGet {
				f.forward.ServeHTTP(w, r)
				return
			}
			answerWith(status, code)(f, w, r)
		}
	}
	put := func(t *testing.T, s Store, version Version) error {
		_, err := s.Put(t.Context(), "a", []byte("new"), nil, version)
		return err
	}
	take := func(t *testing.T, s Store, _ Version) error {
		_, err := s.Lease(t.Context(), "a", minTerm)
		return err
	}
	explained := errors.New("an *Error")
	for _, test := range []struct {
		status  int
		code    string
		prepare func(*testing.T, Store) Version
		run     func(*testing.T, Store, Version) error
		want    error
	}{
		{409, "BlobAlreadyExists", prepared("old"), upload([]byte("new")), ErrExists},
		{409, "BlobAlreadyExists", nothing, upload([]byte("new")), ErrExists},
		{409, "BlobImmutableDueToPolicy", prepared("old"), upload([]byte("new")), ErrExists},
		{409, "BlobImmutableDueToPolicy", prepared("old"), put, explained},
		{409, "BlobImmutableDueToPolicy", nothing, upload([]byte("new")), explained},
		{403, "UnauthorizedBlobOverwrite", prepared("old"), upload([]byte("new")), ErrExists},
		{403, "UnauthorizedBlobOverwrite", prepared("old"), put, explained},
		{412, "ConditionNotMet", prepared("old"), put, ErrChanged},
		{412, "LeaseIdMissing", prepared("old"), put, explained},
		{409, "BlobArchived", prepared("old"), put, explained},
		{400, "InvalidBlockList", prepared("old"), upload([]byte("new")), ErrExists},
		{400, "InvalidBlockList", nothing, upload([]byte("new")), explained},
		{403, "AuthorizationPermissionMismatch", nothing, upload([]byte("new")), explained},
		{409, "LeaseAlreadyPresent", nothing, take, ErrLeased},
		{409, "LeaseIsBreakingAndCannotBeAcquired", nothing, take, ErrLeased},
		{412, "LeaseNotPresentWithBlobOperation", nothing, take, ErrLeased},
		{404, "ContainerNotFound", nothing, take, explained},
	} {
		store := openAzure(t, newContainer(t, faulty.url), Options{HTTP: server.Client, SharedKey: emulatorKey})
		version := test.prepare(t, store)
		if test.want == ErrExists {
			version = ""
		}
		faulty.next(always(refuse(test.status, test.code)))
		err := test.run(t, store, version)
		faulty.next(nil)
		if e := (*Error)(nil); !errors.Is(err, test.want) && !(test.want == explained && errors.As(err, &e)) {
			t.Errorf("%d %s: got %v (%T), want %v", test.status, test.code, err, err, test.want)
		}
	}
}
