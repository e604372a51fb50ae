package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func testList(t *testing.T, s subject) {
	store, other := s.open(t)
	all := []string{
		"a", "a b", "a-b/c", "a.b", "a0", "b/c", "b/c.d/e", "b/c0", "tenant=1/date=2026-11-21/x.json.gz", "tenant=1/date=2026-11-22/x.json.gz",
		"tenant=1/date=2026-11-22/y.json.gz", "tenant=1/date=2026-11-22.old/z", "tenant=1/date=2026-11-23/x.json.gz", "tenant=10/date=2026-11-22/x", "tenant=2/x", "~", "ä/ö", "東京",
	}
	all = slices.DeleteFunc(all, func(name string) bool { return name == "b/c" }) // b/c.d sorts before b/c/
	all = append(all, "b/c/f", "B/x")
	slices.Sort(all)
	for _, name := range slices.Backward(all) {
		wants(t, "commit", create(t, store, name, []byte(name), Metadata{"n": "1"}), nil)
	}
	must(store.Lease(t.Context(), "a", minTerm))(t) // is no object
	prefixes := []string{"", "a", "a.", "a-", "b", "b/", "b/c", "b/c/", "tenant=1", "tenant=1/", "tenant=1/date=2026-11-2", "tenant=1/date=2026-11-22/", "tenant=1/date=2026-11-22/x", "x", "~", "ä/", ".", ".storage", "/", "b//", "../", "\x00"}
	for _, prefix := range prefixes {
		for _, after := range append([]string{"", "b", "b/", "b/c", "tenant=1/date=2026-11-22", "tenant=1/date=2026-11-220", "zzz", "\xff"}, all...) {
			var want []string
			for _, name := range all {
				if strings.HasPrefix(name, prefix) && name > after {
					want = append(want, name)
				}
			}
			if got := names(t, other(), prefix, after); !slices.Equal(got, want) {
				t.Errorf("prefix %q, after %q:\n got %q\nwant %q", prefix, after, got, want)
			}
		}
	}
	for info, err := range store.List(t.Context(), "", "") {
		if err != nil || info.Name != all[0] || info.Size != int64(len(all[0])) || info.Version == "" || info.Modified.IsZero() {
			t.Errorf("%+v, %v", info, err)
		}
		break
	}
}

func testListLong(t *testing.T, s subject) {
	store, _ := s.open(t)
	var want []string
	for i := range 60 {
		name := fmt.Sprintf("d%d/%03d", i%3, i)
		must(store.Put(t.Context(), name, nil, nil, ""))(t)
		want = append(want, name)
	}
	slices.Sort(want)
	if a, ok := store.(interface{ setPage(int32) }); ok {
		a.setPage(7)
	}
	if got := names(t, store, "", ""); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if got := names(t, store, "d", want[31]); !slices.Equal(got, want[32:]) {
		t.Errorf("got %q", got)
	}
	// What is removed while the list is read may be missing, the rest may not.
	var got []string
	for info, err := range store.List(t.Context(), "", "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, info.Name)
		wants(t, "delete", store.Delete(t.Context(), info.Name), nil)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
