// Package option declares every option of the input plugin once: its key, its
// type, its default, what is allowed and a sentence of help. Parsing, the table
// in the README, the comments in conf/ and the host's own check of keys
// (config_map) come from this declaration.
//
// [Parse] is what most callers need; [All] lists the declaration.
package option

import (
	"iter"
	"slices"
)

//go:generate go test ../../conf -run TestDrift -update

// An Option is one key of the configuration.
type Option struct {
	Key      string // lower snake_case
	Type     Type
	Default  string // as one would write it; empty for none
	Required bool
	Secret   bool   // the value never appears in an error or a log
	Help     string // one sentence
}

// All gives the options in the order of the declaration.
func All() iter.Seq[Option] { return slices.Values(declared) }

// Values returns the values to choose from, in the spelling that [Values] gives;
// nil if the option takes others.
func (o Option) Values() []string { return slices.Clone(o.Type.values) }

// Description is the help as shown to users, with what is allowed.
func (o Option) Description() string {
	text := o.Help
	if o.Type.allowed != "" {
		text += " Allowed values: " + o.Type.allowed + "."
	}
	if o.Required {
		text += " Required."
	}
	return text
}
