package content

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

// blob is a blob of a content type.
func blob(typ string, number int) Blob {
	key := uint64(slices.Index(Types(), typ) + 7)
	return Blob{Key: key, Number: number, Tenant: "11111111-2222-4333-8444-555555555555", Type: typ, Created: time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)}
}

// TestRecords reads a great many records: what must be in all of them is, and
// everything the field has been seen to send is in some.
func TestRecords(t *testing.T) {
	g := NewGenerator()
	var sizes []int
	var all bytes.Buffer
	ids := map[string]bool{}
	for _, typ := range Types() {
		for number := range 2 {
			for i := range 1500 {
				text := g.Record(blob(typ, number), i)
				if i%5 == 0 {
					mandatory(t, text)
				}
				_, rest, _ := strings.Cut(string(text[:200]), `"Id":"`)
				id, _, _ := strings.Cut(rest, `"`)
				if len(id) != 36 || ids[id] && typ != DLP {
					t.Fatalf("%s %d/%d: Id %q", typ, number, i, id)
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

// Records of a size are those that there are without one, made longer.
func TestRecordSize(t *testing.T) {
	g := NewGenerator()
	for _, typ := range Types() {
		for _, size := range []int{1000, 4000, 16000} {
			sum, want := 0, 0
			for i := range 200 {
				b := blob(typ, 0)
				plain := string(g.Record(b, i))
				b.RecordSize = size
				text := g.Record(b, i)
				mandatory(t, text)
				if len(plain) >= size && string(text) != plain || !strings.HasPrefix(string(text), plain[:len(plain)-1]) {
					t.Fatalf("%s of %d bytes: %s became %s", typ, size, plain, text)
				}
				sum += len(text)
				want += max(len(plain), size)
			}
			if got := float64(sum) / float64(want); got < 0.7 || got > 1.05 {
				t.Errorf("%s: %d bytes a record, want about %d", typ, sum/200, want/200)
			}
		}
	}
}

func TestTwinsOfDLPShareAnID(t *testing.T) {
	g := NewGenerator()
	operations := map[string][]string{}
	for i := range 400 {
		var r struct{ ID, Operation string }
		if err := json.Unmarshal(g.Record(blob(DLP, 0), i), &r); err != nil {
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

func BenchmarkRecords(b *testing.B) {
	for _, typ := range Types() {
		b.Run(typ, func(b *testing.B) {
			g, i := NewGenerator(), 0
			for b.Loop() {
				b.SetBytes(int64(len(g.Record(blob(typ, 0), i))))
				i++
			}
		})
	}
}
