package option

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Values are the values of all options: those that are set, otherwise the
// defaults. A method returns the zero value for an option without either, for one
// of another type and for a key that is not declared.
type Values struct {
	// By key. Secrets are pointers: to print the whole struct shows an address at
	// most.
	of map[string]any
}

// Parse reads all options. get returns the text of a key, "" if it is not set. The
// error has one line for each mistake: "KEY: what is wrong (use what is allowed)".
// It never contains the value of a secret.
func Parse(get func(key string) string) (Values, error) {
	v := Values{of: map[string]any{}}
	var mistakes []error
	for _, o := range declared {
		parsed, err := o.parse(get(o.Key))
		for _, e := range each(err) {
			mistakes = append(mistakes, fmt.Errorf("%s: %w (use %s)", o.Key, e, o.Type.use()))
		}
		v.of[o.Key] = parsed
	}
	return v, errors.Join(mistakes...)
}

// Single returns the text of a key for [Parse] where a key can be set several
// times: values returns the text of each time. A list has the items of all of
// them. Another option must be set once: the error has one line for each that is
// not, and no value.
func Single(values func(key string) []string) (get func(key string) string, err error) {
	set := map[string]string{}
	var mistakes []error
	for _, o := range declared {
		all := values(o.Key)
		switch {
		case len(all) == 0:
		case o.List():
			set[o.Key] = strings.Join(all, ",")
		default:
			set[o.Key] = all[0]
			if len(all) > 1 {
				mistakes = append(mistakes, fmt.Errorf("%s: set %d times (keep one of them)", o.Key, len(all)))
			}
		}
	}
	return func(key string) string { return set[key] }, errors.Join(mistakes...)
}

func (o Option) parse(s string) (any, error) {
	// A variable may hold a file whole, with the mark that editors on Windows write.
	s = strings.TrimPrefix(s, "\ufeff")
	s = strings.TrimRight(s, "\r\n")
	if !o.Type.verbatim {
		s = strings.TrimSpace(s)
	}
	if s == "" {
		s = o.Default
	}
	if s == "" && o.Required {
		return nil, errors.New("missing")
	}
	if s == "" {
		return nil, nil
	}
	parsed, err := o.Type.parse(s)
	if !o.Secret {
		return parsed, err
	}
	if errors.Is(err, ErrNotEncoded) {
		return nil, err
	}
	if err != nil {
		return nil, errors.New("the value is not understood")
	}
	shown, _ := parsed.(string)
	hidden := Secret(shown)
	return &hidden, nil
}

// each splits joined errors.
func each(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// String returns one of a list of values, a GUID in lower case, a path, an address
// of mail, a URL or a tag.
func (v Values) String(key string) string { return value[string](v, key) }

// Bool returns a switch.
func (v Values) Bool(key string) bool { return value[bool](v, key) }

// Int returns a whole number.
func (v Values) Int(key string) int { return value[int](v, key) }

// Size returns bytes.
func (v Values) Size(key string) int64 { return value[int64](v, key) }

// Duration returns a time span.
func (v Values) Duration(key string) time.Duration { return value[time.Duration](v, key) }

// Time returns a point in time, UTC.
func (v Values) Time(key string) time.Time { return value[time.Time](v, key) }

// List returns the items in the order of the configuration, as a copy.
func (v Values) List(key string) []string { return slices.Clone(value[[]string](v, key)) }

// Secret returns a value that must not be shown.
func (v Values) Secret(key string) Secret {
	if s := value[*Secret](v, key); s != nil {
		return *s
	}
	return ""
}

func value[T any](v Values, key string) T {
	t, _ := v.of[key].(T)
	return t
}
