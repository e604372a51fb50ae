package o365

import (
	"slices"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/identity"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/option"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source/activity"
)

// TestValues compares the values that an option allows with the list of the
// package that gives them a meaning.
func TestValues(t *testing.T) {
	var clouds, methods, contentTypes []string
	for _, c := range identity.Clouds() {
		clouds = append(clouds, c.Name)
	}
	for _, m := range identity.Methods() {
		methods = append(methods, string(m))
	}
	for _, c := range activity.ContentTypes() {
		contentTypes = append(contentTypes, c.Name)
	}
	known := map[string][]string{option.Cloud: clouds, option.Auth: methods, option.ContentTypes: contentTypes}
	for o := range option.All() {
		want, ok := known[o.Key]
		if got := o.Values(); !slices.Equal(got, want) {
			t.Errorf("%s allows %q, the code has %q", o.Key, got, want)
		}
		if ok {
			delete(known, o.Key)
		}
	}
	for key := range known {
		t.Errorf("%s is not declared", key)
	}
}
