package elements

// maxDepth is how many brackets inside each other package record reads. Deeper ones are
// only counted.
const maxDepth = 10000

// bracketStack holds the brackets of an element that are open.
type bracketStack struct {
	stack           []byte // '{' and '[', the innermost last
	objects, arrays int    // in the stack
	deeper          int    // not in the stack any more
}

func (s *bracketStack) reset() { *s = bracketStack{stack: s.stack[:0]} }

func (s *bracketStack) open(b byte) {
	if len(s.stack) == maxDepth {
		s.deeper++
		return
	}
	s.stack = append(s.stack, b)
	s.count(b, 1)
}

// close closes the last bracket that matches b and all that are open inside it. It
// returns false when there is none.
func (s *bracketStack) close(b byte) bool {
	if s.deeper > 0 {
		s.deeper--
		return true
	}
	if b == '}' && s.objects == 0 || b == ']' && s.arrays == 0 {
		return false
	}
	for {
		top := s.stack[len(s.stack)-1]
		s.stack = s.stack[:len(s.stack)-1]
		s.count(top, -1)
		if top == b-2 { // in ASCII both pairs are two apart
			return true
		}
	}
}

func (s *bracketStack) count(b byte, n int) {
	if b == '{' {
		s.objects += n
	} else {
		s.arrays += n
	}
}

// closed reports whether all brackets are closed.
func (s *bracketStack) closed() bool { return len(s.stack) == 0 }

// record reports whether the record's own object is the only one open.
func (s *bracketStack) record() bool { return len(s.stack) == 1 && s.stack[0] == '{' }
