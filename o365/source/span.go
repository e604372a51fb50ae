package source

// Without returns what of a span is in none of the others, oldest first; nothing of a
// span that ends before it begins.
func (s Span) Without(others ...Span) []Span {
	if !s.From.Before(s.To) {
		return nil
	}
	left := []Span{s}
	for _, o := range others {
		var rest []Span
		for _, s := range left {
			if !o.From.Before(s.To) || !o.To.After(s.From) {
				rest = append(rest, s)
				continue
			}
			if s.From.Before(o.From) {
				rest = append(rest, Span{From: s.From, To: o.From})
			}
			if o.To.Before(s.To) {
				rest = append(rest, Span{From: o.To, To: s.To})
			}
		}
		left = rest
	}
	return left
}
