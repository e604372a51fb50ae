package option

import (
	"slices"
	"strings"
	"testing"
)

func TestSingle(t *testing.T) {
	set := map[string][]string{
		TenantID:     {tenant},
		ContentTypes: {"Audit.General", "Audit.Exchange, DLP.All"},
		AlertEmailTo: {"ops@example.com", "siem@example.com"},
		DB:           {"/var/lib/o365.db"},
		Cloud:        {""},
	}
	values := func(key string) []string { return set[key] }
	get, err := Single(values)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Parse(get)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]string{
		TenantID:     {tenant},
		ContentTypes: {"Audit.General", "Audit.Exchange", "DLP.All"},
		AlertEmailTo: {"ops@example.com", "siem@example.com"},
	} {
		if got := v.List(key); !slices.Equal(got, want) {
			t.Errorf("%s = %q, want %q", key, got, want)
		}
	}
	if v.String(DB) != "/var/lib/o365.db" || v.String(Cloud) != "enterprise" {
		t.Errorf("db %q, cloud %q", v.String(DB), v.String(Cloud))
	}

	set[DB] = []string{"/a", "/b"}
	set[ClientSecret] = []string{"hunter1", "hunter2", "hunter1"}
	_, err = Single(values)
	const want = "client_secret: set 3 times (keep one of them)\ndb: set 2 times (keep one of them)"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want\n%s", err, want)
	}

	// A mistake in a joined list is one line, as in any other.
	set[DB], set[ClientSecret] = nil, nil
	set[ContentTypes] = []string{"Audit.General", "audit.general", "", "nonsense"}
	get, err = Single(values)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(get)
	if err == nil || strings.Count(err.Error(), "\n") != 2 || !strings.Contains(err.Error(), `"audit.general" is listed twice`) {
		t.Errorf("%v", err)
	}
}

func TestList(t *testing.T) {
	var lists []string
	for o := range All() {
		if o.List() {
			lists = append(lists, o.Key)
		}
	}
	if want := []string{TenantID, ContentTypes, AlertEmailTo}; !slices.Equal(lists, want) {
		t.Errorf("lists: %q, want %q", lists, want)
	}
}
