package delivery

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// What was acknowledged just before the stop is in the state file.
func TestLastWrite(t *testing.T) {
	dir := t.TempDir()
	stream := source.Stream{Tenant: "t", ContentType: "c"}
	for n := range 20 {
		open := func() *ledger.Ledger {
			l, err := ledger.Open(filepath.Join(dir, fmt.Sprint(n)), ledger.Options{Retention: map[string]time.Duration{"c": 7 * 24 * time.Hour}})
			if err != nil {
				t.Fatal(err)
			}
			return l
		}
		d := New(Config{BatchSize: 1 << 20, QueueSize: 8 << 20}, open(), nil, metrics.New([]string{"t"}, []string{"c"}), nil, nil)
		to := time.Now().UTC().Truncate(time.Second)
		d.committer.complete(stream, source.Span{From: to.Add(-time.Hour), To: to})
		d.Close(time.Now().Add(time.Minute))
		book := open()
		if done := book.Completed(stream); len(done) != 1 {
			t.Errorf("%d: the state file has %v", n, done)
		}
		book.Close()
	}
}
