package api

import (
	"iter"
	"slices"
)

// mark is a byte order mark of UTF-8.
const mark = "\ufeff"

// form is what the request's fault makes of the form of a body, of which about n
// pieces come from array.
func (req *request) form(pieces iter.Seq[[]byte], n int) iter.Seq[[]byte] {
	f := req.fault
	if f == nil {
		return pieces
	}
	switch f.Kind {
	case Lines:
		return lines(pieces)
	case Arrays:
		return split(pieces, max(1, f.piece(n)))
	case Behind:
		return func(yield func([]byte) bool) {
			for piece := range pieces {
				if !yield(piece) {
					return
				}
			}
			yield([]byte(f.behind()))
		}
	case Mark:
		return func(yield func([]byte) bool) {
			if !yield([]byte(mark)) {
				return
			}
			pieces(yield)
		}
	case Empty:
		return func(func([]byte) bool) {}
	}
	return pieces
}

// formText is form for the body of a short operation, which is one value.
func (f *Fault) formText(body string) string {
	if f == nil {
		return body
	}
	switch f.Kind {
	case Mark:
		return mark + body
	case Behind:
		return body + f.behind()
	case Empty:
		return ""
	}
	return body
}

func (f *Fault) behind() string {
	if f.Text == "" {
		return "\x00"
	}
	return f.Text
}

// lines takes the array from around its elements.
func lines(pieces iter.Seq[[]byte]) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for piece := range pieces {
			if last := len(piece) - 1; piece[last] == ']' && last <= 1 {
				return // it is no element
			}
			if !yield(append(slices.Clone(piece[1:]), '\n')) {
				return
			}
		}
	}
}

// split ends the array before a piece, and begins another one.
func split(pieces iter.Seq[[]byte], at int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := 0
		for piece := range pieces {
			if i == at && piece[0] == ',' {
				piece = slices.Concat([]byte("]["), piece[1:])
			}
			if !yield(piece) {
				return
			}
			i++
		}
	}
}
