package delivery

import (
	"fmt"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// What is acknowledged just before the stop, while an earlier change is being written, is
// in the state file.
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
		hour := func(n int) source.Span {
			return source.Span{From: to.Add(-time.Duration(2*n+1) * time.Hour), To: to.Add(-time.Duration(2*n) * time.Hour)}
		}
		c := d.committer
		c.change(func(q *changes) { q.complete(stream, hour(1)); q.batches = 1 })
		for taken := false; !taken; runtime.Gosched() {
			c.mu.Lock()
			taken = c.queued.batches == 0
			c.mu.Unlock()
		}
		c.complete(stream, hour(0))
		d.Close(time.Now().Add(time.Minute))
		book := open()
		if done := book.Completed(stream); len(done) != 2 {
			t.Errorf("%d: the state file has %v", n, done)
		}
		book.Close()
	}
}
