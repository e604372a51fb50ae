package cloud

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestRecords looks at a great many records: what is in all of them, and that
// everything the field has been seen to send is in some.
func TestRecords(t *testing.T) {
	sim := New(Options{Seed: 7, Now: newClock().now, Blobs: 2, Records: 1500})
	var sizes []int
	var all bytes.Buffer
	ids := map[string]bool{}
	for _, s := range sim.series {
		for _, b := range s.blobs {
			for i, text := range b.records(0) {
				if i%5 == 0 {
					mandatory(t, text)
				}
				_, rest, _ := strings.Cut(string(text[:200]), `"Id":"`)
				id, _, _ := strings.Cut(rest, `"`)
				if len(id) != 36 || ids[id] && s.typ != DLP {
					t.Fatalf("%s %d/%d: Id %q", s.typ, b.number, i, id)
				}
				ids[id] = true
				sizes = append(sizes, len(text))
				all.Write(text)
			}
		}
	}
	slices.Sort(sizes)
	n := len(sizes)
	p50, p95, most := sizes[n/2], sizes[n*95/100], sizes[n-1]
	if p50 < 1100 || p50 > 1600 || p95 < 1900 || p95 > 2600 || most < 50_000 {
		t.Errorf("sizes: p50 %d, p95 %d, max %d", p50, p95, most)
	}
	if len(ids) >= n || len(ids) < n*95/100 {
		t.Errorf("%d Ids in %d records", len(ids), n)
	}
	text := all.String()
	for _, part := range []string{
		`\r\n"`, `\/`, `\u0011`, `\u200b`, `\ud83d\ude80`, "ü", "日本", `"Data State"`, `:26.0`, `:-1.0`, `:-2147217390`, `"1e9"`,
		`"RecordType":22,`, `"RecordType":900`, `"Parameters":[`, `"Parameters":"`, `"ExceptionInfo":{`, `"ExceptionInfo":""`,
		`"ExternalAccess":false`, `"ExternalAccess":"False"`, `"FileSize":"`, `"FileSize":8`, `"UserType":"`,
		`"ClientIP":null`, `"ClientIP":""`, `"ClientIP":"[`, `"ClientIP":"::1"`, `]:443"`, `{}`, `[]`, `Z","Id"`, `– Certificates and secrets management "`,
	} {
		if !strings.Contains(text, part) {
			t.Errorf("no record has %s", part)
		}
	}
}

// mandatory checks the fields that all records have.
func mandatory(t *testing.T, text []byte) {
	t.Helper()
	var r struct {
		CreationTime, ID, Operation, OrganizationID, UserKey, Workload, UserID string
		RecordType, UserType, Version                                          any
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if slices.Contains([]string{r.CreationTime, r.ID, r.Operation, r.OrganizationID, r.UserKey, r.Workload, r.UserID}, "") || r.RecordType == nil || r.UserType == nil || r.Version == nil {
		t.Fatalf("incomplete: %s", text)
	}
}

func TestSameSeedSameRecords(t *testing.T) {
	at := newClock()
	opt := Options{Seed: 7, Now: at.now, Start: t0, Blobs: 6, Records: 20, Duplicates: 20}
	a, b := New(opt), New(opt)
	at.move(day)
	c := New(opt)
	opt.Seed = 8
	d := New(opt)
	first := func(c *Cloud, s int) []byte {
		return bytes.Join(slices.Collect(clones(c.series[s].blobs[3])), nil)
	}
	for s := range a.series {
		if !bytes.Equal(first(a, s), first(b, s)) || !bytes.Equal(first(a, s), first(c, s)) {
			t.Errorf("%s differs", a.series[s].typ)
		}
		if bytes.Equal(first(a, s), first(d, s)) {
			t.Errorf("%s is the same with another seed", a.series[s].typ)
		}
	}
}

func clones(b *blob) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for text := range b.texts(0) {
			if !yield(bytes.Clone(text)) {
				return
			}
		}
	}
}

func TestPlantedDuplicates(t *testing.T) {
	sim := New(Options{Seed: 7, Now: newClock().now, Types: []string{SharePoint}, Blobs: 40, Records: 100, Duplicates: 10})
	blobsOf := map[string]map[int]bool{} // of each text
	repeats := 0
	for _, b := range sim.series[0].blobs {
		for _, text := range b.records(0) {
			if blobsOf[string(text)] == nil {
				blobsOf[string(text)] = map[int]bool{}
			} else {
				repeats++
			}
			blobsOf[string(text)][b.number] = true
		}
	}
	if repeats < 300 || repeats > 500 {
		t.Errorf("%d of 4000 records repeat another, want about 10 %%", repeats)
	}
	across := 0
	for _, blobs := range blobsOf {
		if len(blobs) > 1 {
			across++
		}
	}
	if across < 250 {
		t.Errorf("%d records are in several blobs", across)
	}
}

func TestTwinsOfDLPShareAnID(t *testing.T) {
	sim := New(Options{Seed: 7, Now: newClock().now, Types: []string{DLP}, Blobs: 1, Records: 400})
	operations := map[string][]string{}
	for text := range sim.series[0].blobs[0].texts(0) {
		var r struct{ ID, Operation string }
		if err := json.Unmarshal(text, &r); err != nil {
			t.Fatal(err)
		}
		operations[r.ID] = append(operations[r.ID], r.Operation)
	}
	twins := 0
	for id, ops := range operations {
		if len(ops) == 2 && ops[0] == "DlpRuleMatch" && ops[1] == "DlpRuleUndo" {
			twins++
		} else if len(ops) != 1 {
			t.Errorf("%s: %v", id, ops)
		}
	}
	if twins != 50 {
		t.Errorf("%d twins, want 50", twins)
	}
}

// FuzzRecords asks for any record there could be: it is a JSON object, and the
// same one when it is asked for again.
func FuzzRecords(f *testing.F) {
	f.Add(uint64(1), uint16(0), uint32(0), 0.0)
	f.Add(uint64(7), uint16(3), uint32(1<<31), 50.0)
	f.Fuzz(func(t *testing.T, seed uint64, number uint16, index uint32, duplicates float64) {
		sim := New(Options{Seed: seed, Start: t0, Blobs: int(number%64) + 1, Records: 1000, Duplicates: duplicates})
		m, d := newMaker(), digester{}
		for _, s := range sim.series {
			b := s.blobs[int(number)%len(s.blobs)]
			text := bytes.Clone(b.record(m, int(index)))
			if !json.Valid(text) || text[0] != '{' {
				t.Fatalf("not an object: %s", text)
			}
			if _, id, err := d.digest(text); err != nil || len(id) != 36 {
				t.Fatalf("Id %q, %v in %s", id, err, text)
			}
			b.record(m, int(index)+1)
			if again := b.record(newMaker(), int(index)); !bytes.Equal(text, again) {
				t.Fatalf("made again, it is another:\n%s\n%s", text, again)
			}
		}
	})
}

func BenchmarkRecords(b *testing.B) {
	sim := New(Options{Seed: 7, Blobs: 1, Records: 1 << 30})
	for _, s := range sim.series {
		b.Run(s.typ, func(b *testing.B) {
			m, i := newMaker(), 0
			for b.Loop() {
				b.SetBytes(int64(len(s.blobs[0].record(m, i))))
				i++
			}
		})
	}
}
