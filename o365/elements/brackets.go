package elements

// maxDepth is how deep jsontext reads. Deeper brackets are counted only.
const maxDepth = 10000

// brackets are those open in an element.
type brackets struct {
	stack           []byte
	objects, arrays int // in the stack
	deeper          int // not in the stack any more
}

func (s *brackets) reset() { *s = brackets{stack: s.stack[:0]} }

func (s *brackets) open(b byte) {
	if len(s.stack) == maxDepth {
		s.deeper++
		return
	}
	s.stack = append(s.stack, b)
	s.count(b, 1)
}

// close closes the last bracket that fits b and what is open inside it. It is
// false when there is none.
func (s *brackets) close(b byte) bool {
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

func (s *brackets) count(b byte, n int) {
	if b == '{' {
		s.objects += n
	} else {
		s.arrays += n
	}
}

// closed reports whether all brackets are.
func (s *brackets) closed() bool { return len(s.stack) == 0 }

// record reports whether the record's own object is the only one open.
func (s *brackets) record() bool { return len(s.stack) == 1 && s.stack[0] == '{' }
