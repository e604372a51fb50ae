package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

// sink reads what hosts store, as it comes, and compares it with what the
// service holds.
type sink struct {
	t       *testing.T
	service *rig.Service
	dir     string
	offsets map[string]int64 // of each file: bytes that were read
	checker *check.Checker
	lines   int
	seed    maphash.Seed
	seen    map[uint64]struct{}     // lines, hashed
	again   int                     // bytes of lines that were seen before
	health  map[string]healthRecord // the last state, by content type
}

// healthRecord is the plugin's own record of a change of state.
type healthRecord struct{ Operation, Workload, ContentType, State, What, Do string }

func newSink(t *testing.T, s *rig.Service, dir string) *sink {
	return &sink{
		t: t, service: s, dir: dir, offsets: map[string]int64{},
		checker: s.Checker(check.Options{Dedup: true}),
		seed:    maphash.MakeSeed(), seen: map[uint64]struct{}{},
		health: map[string]healthRecord{},
	}
}

// read reads what was added to all files, up to the last line that is whole.
func (s *sink) read() {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "*"))
	must(s.t, err)
	slices.Sort(files)
	for _, path := range files {
		s.readFile(path)
	}
}

func (s *sink) readFile(path string) {
	s.t.Helper()
	file, err := os.Open(path)
	must(s.t, err)
	defer file.Close()
	if _, err := file.Seek(s.offsets[path], io.SeekStart); err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(file)
	must(s.t, err)
	for {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return
		}
		s.offsets[path] += int64(len(line)) + 1
		text = rest
		s.add(line)
	}
}

func (s *sink) add(line []byte) {
	if bytes.Contains(line, []byte(`"Workload":"fluent-bit-o365"`)) {
		s.addHealth(line)
		return
	}
	s.checker.Add(line)
	s.lines++
	hash := maphash.Bytes(s.seed, line)
	if _, again := s.seen[hash]; again {
		s.again += len(line)
	}
	s.seen[hash] = struct{}{}
}

func (s *sink) addHealth(line []byte) {
	var h healthRecord
	if err := json.Unmarshal(line, &h); err != nil {
		s.t.Errorf("health record %s: %v", line, err)
	}
	if h.Operation == "state" {
		s.health[h.ContentType] = h
	}
}

// complete reports whether nothing is missing that a client can have received by
// now.
func (s *sink) complete() bool {
	s.t.Helper()
	s.read()
	if n := s.service.Expect().Distinct; n > 0 && s.lines < n {
		return false
	}
	r := s.checker.Report()
	return r.Expected > 0 && r.Lost == 0
}

// report compares what has come so far. It holds few examples, cut short.
func (s *sink) report() check.Report {
	s.t.Helper()
	s.read()
	r := s.checker.Report()
	r.Examples = r.Examples[:min(3, len(r.Examples))]
	for i, e := range r.Examples {
		r.Examples[i].Want, r.Examples[i].Got = fmt.Sprintf("%.200s", e.Want), fmt.Sprintf("%.200s", e.Got)
	}
	return r
}
