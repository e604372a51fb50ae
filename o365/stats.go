package o365

import (
	"fmt"
	"sync/atomic"
)

// stats count what an input has done since its start.
type stats struct {
	records    atomic.Int64 // confirmed
	blobs      atomic.Int64 // confirmed whole
	duplicates atomic.Int64 // records dropped
	malformed  atomic.Int64 // elements that gave no record
	gaps       atomic.Int64 // reported
}

func (s *stats) String() string {
	line := fmt.Sprintf("%d records of %d blobs delivered, %d duplicates dropped", s.records.Load(), s.blobs.Load(), s.duplicates.Load())
	if n := s.malformed.Load(); n > 0 {
		line += fmt.Sprintf(", %d malformed", n)
	}
	if n := s.gaps.Load(); n > 0 {
		line += fmt.Sprintf(", %d gaps", n)
	}
	return line
}
