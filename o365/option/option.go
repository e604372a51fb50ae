// Package option declares every option of the input plugin once (table.go): its
// key, type, default, allowed values and help. Parsing, the table in the README,
// the comments in conf/ and Fluent Bit's own check of keys (config_map) come from
// this declaration.
//
// [Parse] reads a configuration; [All] lists the declaration.
package option

import (
	"iter"
	"slices"
)

//go:generate go test ../../conf -run TestDrift -update

// An Option is the declaration of one key.
type Option struct {
	Key      string // lower snake_case
	Type     Type
	Default  string // as in a configuration; empty for none
	Required bool
	Secret   bool   // the value never appears in an error or a log
	Help     string // a sentence or two
}

// All returns the options in the order of the declaration.
func All() iter.Seq[Option] { return slices.Values(declared) }

// Values returns the values of an option that allows one of a list, or several of
// them, as [Parse] returns them; nil for other options.
func (o Option) Values() []string { return slices.Clone(o.Type.values) }

// List reports whether the value is a list, of which [Values.List] returns the
// items.
func (o Option) List() bool { return o.Type.list }

// Description returns the help as shown to users, with the allowed values.
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
