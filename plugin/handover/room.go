package handover

// Until it is known where chunks are, they may be on a disk that is nearly
// full, and a chunk is not always open when it is searched for: the first rounds
// are small.
const (
	smallRounds     = 5
	smallRoundBytes = 1 << 20
)

// room is the free space on the disk of Fluent Bit's chunks.
type room struct {
	bytes int64
	known bool
}

func (h *Handover) room() (r room) {
	r.bytes, r.known = h.host.Free()
	return r
}

// fits reports whether there is room for so many bytes, and for as many again:
// chunks are larger than their records, and others write to the disk as well.
// Fluent Bit would lose what does not fit (Disk).
func (r room) fits(bytes int) bool { return !r.known || int64(bytes) <= r.bytes/2 }

// roundLimit returns how many bytes a round that begins now may have, unless
// its first batch is larger.
func (h *Handover) roundLimit(r room) int {
	if r.known || h.smallRoundsDone == smallRounds {
		return h.unstoredMax
	}
	h.smallRoundsDone++
	return min(smallRoundBytes, h.unstoredMax)
}
