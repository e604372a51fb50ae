package storage

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func testNames(t *testing.T, s subject) {
	store, _ := s.open(t)
	long := strings.Repeat(strings.Repeat("n", 199)+"/", 5) + "end"
	for _, name := range []string{
		"a", "tenant=T/date=2026-11-22/a.json.gz", "a b/ c ", "a%2Fb", "a%20b", "a+b", "a?b=c&d", "a#b", "ä/東京/🙂", `"quoted"`, "a:b*c<d>|e", "~a", "-a", "a'b",
		"$a", "{a}", "[a]", "a;b", "a,b", "a@b", "a!b", "^`", strings.Repeat("p", maxPartBytes), long,
	} {
		t.Run(name[:min(len(name), 20)], func(t *testing.T) {
			wants(t, "commit", create(t, store, name, []byte(name), Metadata{"n": "1"}), nil)
			if content, _ := read(t, store, name); string(content) != name {
				t.Errorf("%q", content)
			}
			if got := names(t, store, name, ""); !slices.Contains(got, name) {
				t.Errorf("listed %q", got)
			}
			lease := must(store.Lease(t.Context(), name, minTerm))(t)
			wants(t, "renew", lease.Renew(t.Context()), nil)
			wants(t, "release", lease.Release(t.Context()), nil)
			wants(t, "delete", store.Delete(t.Context(), name), nil)
			_, err := store.Stat(t.Context(), name)
			wants(t, "stat", err, ErrNotFound)
		})
	}
}

func testBadNames(t *testing.T, s subject) {
	store, _ := s.open(t)
	for _, name := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", ".a", "a/.b", "a.", "a./b", `a\b`, "a\nb", "a\x00b", "a\u202eb", "a\xffb",
		strings.Repeat("p", maxPartBytes+1), strings.Repeat("a/", maxNameBytes/2) + "a",
	} {
		var explained *Error
		if _, err := store.Create(t.Context(), name); !errors.As(err, &explained) {
			t.Errorf("create %.20q: %v", name, err)
		}
		if _, err := store.Put(t.Context(), name, nil, nil, ""); !errors.As(err, &explained) {
			t.Errorf("put %.20q: %v", name, err)
		}
		if _, _, err := store.Get(t.Context(), name); !errors.As(err, &explained) {
			t.Errorf("get %.20q: %v", name, err)
		}
		if err := store.Delete(t.Context(), name); !errors.As(err, &explained) {
			t.Errorf("delete %.20q: %v", name, err)
		}
		if _, err := store.Lease(t.Context(), name, minTerm); !errors.As(err, &explained) {
			t.Errorf("lease %.20q: %v", name, err)
		}
	}
}
