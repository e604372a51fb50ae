package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

func TestContentIsKeptAsServed(t *testing.T) {
	big := "[" + strings.Repeat(`{"Id":"`+strings.Repeat("x", 5000)+`"},`, 2000) + `{"Id":1}]`
	random := make([]byte, 3<<20)
	for i := range random {
		random[i] = byte(' ' + (i*i*7919+i*31)%90)
	}
	for name, text := range map[string]string{
		"small": `[ {"Id":"1"},` + "\r\n" + `{"Id":"2"} ]`, "empty": "[]", "big": big, "hard to compress": string(random),
	} {
		for _, plain := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, plain %v", name, plain), func(t *testing.T) {
				b := newBench(t, storage.NewMemory(), JSON)
				b.served.contents["a$1"], b.served.plain, b.served.refuse = text, plain, 1
				if err := b.download(source.Item{ID: "a$1"}); err != nil {
					t.Fatal(err)
				}
				if got := b.kept(); len(got) != 1 || got[folder+"a$1.json.gz"] != text {
					t.Fatalf("%.200q", got)
				}
				packed := b.object(folder + "a$1.json.gz")
				if !plain && !bytes.Equal(packed, zip(text)) {
					t.Error("it is not the answer of the service")
				}
				info, err := b.store.Stat(t.Context(), folder+"a$1.json.gz")
				if err != nil {
					t.Fatal(err)
				}
				sum := sha256.Sum256([]byte(text))
				want := storage.Metadata{
					"content_id": "a$1", "content_created": "2026-11-22T13:14:15.5Z", "content_expiration": "2026-11-29T13:14:15.5Z",
					"records": strconv.Itoa(strings.Count(text, "Id")), "sha256": hex.EncodeToString(sum[:]), "json_bytes": strconv.Itoa(len(text)),
				}
				if fmt.Sprint(info.Metadata) != fmt.Sprint(want) {
					t.Errorf("metadata %v, want %v", info.Metadata, want)
				}
				if b.metrics.Archived.Load() != 1 || b.metrics.ArchivedBytes.Load() != int64(len(packed)) || len(b.reported) != 1 || b.reported[0] != nil {
					t.Errorf("%d objects of %d bytes counted, reported %v", b.metrics.Archived.Load(), b.metrics.ArchivedBytes.Load(), b.reported)
				}
			})
		}
	}
}

func TestContentIsKeptInLines(t *testing.T) {
	for text, want := range map[string]string{
		"[{\"Id\":1},\n{\"Id\":2}]": "{\"Id\":1}\n{\"Id\":2}\n",
		`[{"Id":1},{"Id"`:           "{\"Id\":1}\n{\"Id\"\n",
	} {
		for _, plain := range []bool{false, true} {
			b := newBench(t, storage.NewMemory(), NDJSON)
			b.served.contents["a"], b.served.plain = text, plain
			if err := b.download(source.Item{ID: "a"}); err != nil {
				t.Fatal(err)
			}
			if got := b.kept(); len(got) != 1 || got[folder+"a.ndjson.gz"] != want {
				t.Errorf("%q is kept as %q", text, got)
			}
		}
	}
}

// What was not read to its end is not kept, nor what cannot be opened.
func TestBrokenDownloadsAreNotKept(t *testing.T) {
	b := newBench(t, storage.NewMemory(), JSON)
	b.served.contents["a"] = "[" + strings.Repeat(`{"Id":1},`, 1e5) + "1]"
	body, err := b.source.Open(t.Context(), source.Item{ContentType: "c", ID: "a", Created: created})
	if err != nil {
		t.Fatal(err)
	}
	io.CopyN(io.Discard, body, 1000)
	body.Close()
	b.running.Wait()
	if got := b.kept(); len(got) > 0 {
		t.Errorf("kept %.100q", got)
	}
	if err := b.download(source.Item{ID: "a"}); err != nil {
		t.Fatal(err)
	}
}

// The same content again is there already. Another one of the same id is kept beside it
// if it is longer, for which it is downloaded once more.
func TestContentThatIsServedAgain(t *testing.T) {
	b := newBench(t, storage.NewMemory(), JSON)
	for n, step := range []struct {
		text    string
		again   bool // it must be downloaded once more
		kept    []string
		version int64
	}{
		{`[{"Id":1}]`, false, []string{`[{"Id":1}]`}, 0},
		{`[{"Id":1}]`, false, []string{`[{"Id":1}]`}, 0},
		{`[{"Id":2}]`, false, []string{`[{"Id":1}]`}, 0},
		{`[{"Id":1},{"Id":2}]`, true, []string{`[{"Id":1}]`}, 1},
		{`[{"Id":1},{"Id":2}]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 1},
		{`[{"Id":1},{"Id":2}]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 1},
		{`[{"Id":1}]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 1},
		{`[{"Id":1},{"Id":2},3]`, true, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`}, 2},
		{`[{"Id":1},{"Id":2},3]`, false, []string{`[{"Id":1}]`, `[{"Id":1},{"Id":2}]`, `[{"Id":1},{"Id":2},3]`}, 2},
	} {
		b.served.contents["a"] = step.text
		err := b.download(source.Item{ID: "a"})
		var again *source.NotKept
		if errors.As(err, &again) != step.again || !step.again && err != nil || step.again && again.After != 0 {
			t.Fatalf("step %d: %v", n, err)
		}
		var kept []string
		for number := range len(step.kept) + 1 {
			if text, ok := b.kept()[Name("t", source.Item{ContentType: "c", ID: "a", Created: created}, JSON, number+1)]; ok {
				kept = append(kept, text)
			}
		}
		if !slices.Equal(kept, step.kept) || b.metrics.ArchiveVersions.Load() != step.version {
			t.Fatalf("step %d: kept %q, %d versions counted", n, kept, b.metrics.ArchiveVersions.Load())
		}
		if b.metrics.Archived.Load() != int64(len(kept)) {
			t.Fatalf("step %d: %d objects counted of %d", n, b.metrics.Archived.Load(), len(kept))
		}
	}
}
