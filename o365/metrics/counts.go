package metrics

// Counts are the values of some counters at one moment, of a stream or summed over
// several. The hourly summary and the completeness record are differences of them.
type Counts struct {
	Records, Blobs, Duplicates, Malformed, Late, Lost, Gaps, Retries, Conflicts, Oversized int64
}

// Counts returns the present values; they count from the start of the input.
func (s *Stream) Counts() Counts {
	return Counts{
		Records: s.Records.Load(), Blobs: s.Delivered.Load(), Duplicates: s.Duplicates.Load(), Malformed: s.Malformed.Load(),
		Late: s.Late.Load(), Lost: s.Lost.Load(), Gaps: s.Gaps.Load(), Retries: s.Retries.Load(),
		Conflicts: s.Conflicts.Load(), Oversized: s.Oversized.Load(),
	}
}

// Plus returns the sum.
func (c Counts) Plus(d Counts) Counts {
	return Counts{
		c.Records + d.Records, c.Blobs + d.Blobs, c.Duplicates + d.Duplicates, c.Malformed + d.Malformed,
		c.Late + d.Late, c.Lost + d.Lost, c.Gaps + d.Gaps, c.Retries + d.Retries,
		c.Conflicts + d.Conflicts, c.Oversized + d.Oversized,
	}
}

// Minus returns the difference: what was counted since d.
func (c Counts) Minus(d Counts) Counts {
	return c.Plus(Counts{-d.Records, -d.Blobs, -d.Duplicates, -d.Malformed, -d.Late, -d.Lost, -d.Gaps, -d.Retries, -d.Conflicts, -d.Oversized})
}
