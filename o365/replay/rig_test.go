package replay

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/archive"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/delivery"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/health"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/ledger"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/logging"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/metrics"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/sanitize"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

var (
	exchange = source.Stream{Tenant: "t", ContentType: "Audit.Exchange"}
	general  = source.Stream{Tenant: "t", ContentType: "Audit.General"}
	streams  = []source.Stream{exchange, general}
	start    = time.Date(2021, 3, 28, 0, 0, 0, 0, time.UTC) // of the archive
)

// rig is an archive, and what replays it.
type rig struct {
	*testing.T
	store   *flaky
	config  Config
	db      string
	log     lines
	set     *metrics.Set
	events  []event       // acknowledged
	batch   int           // bytes
	limit   int           // events to acknowledge at most; 0: all
	slow    time.Duration // before each batch is acknowledged
	mistake bool          // Room panics
	noted   *noted        // what goes to the sink; nil: it is not noted
	json    int64         // bytes that were archived, not compressed
	replay  *Replay       // the last one
}

// event is a record that came out.
type event struct{ ID, CreationTime string }

func newRig(t *testing.T) *rig {
	return &rig{T: t, store: &flaky{Memory: storage.NewMemory()}, config: Config{Streams: streams, Concurrency: 4, MostOpen: 50}, batch: 4000}
}

// put archives a content of n records that became available at a time.
func (r *rig) put(s source.Stream, id string, at time.Time, n int, f archive.Format) string {
	r.Helper()
	records := make([]string, n)
	for i := range records {
		records[i] = fmt.Sprintf(`{"Id":"%s-%s-%d","CreationTime":"%s"}`, s.ContentType, id, i, at.Format("2006-01-02T15:04:05"))
	}
	text := "[" + strings.Join(records, ",") + "]"
	if f == archive.NDJSON {
		text = strings.Join(records, "\n") + "\n"
	}
	return r.putText(s, id, at, 1, f, text)
}

func (r *rig) putText(s source.Stream, id string, at time.Time, number int, f archive.Format, text string) string {
	r.Helper()
	name := archive.Name(s.Tenant, source.Item{ContentType: s.ContentType, ID: id, Created: at}, f, number)
	meta := storage.Metadata{}
	if !at.IsZero() {
		meta["content_created"] = at.Format(time.RFC3339Nano)
	}
	r.putBytes(name, zipped(text), meta)
	r.json += int64(len(text))
	return name
}

func (r *rig) putBytes(name string, content []byte, meta storage.Metadata) {
	r.Helper()
	_ = r.store.Delete(context.Background(), name)
	if _, err := r.store.Put(context.Background(), name, content, meta, ""); err != nil {
		r.Fatal(err)
	}
}

func zipped(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.Bytes()
}

// days fills the archive: two contents an hour of each stream.
func (r *rig) days(n int) {
	r.Helper()
	for h := range 24 * n {
		at := start.Add(time.Duration(h) * time.Hour)
		for _, s := range streams {
			r.put(s, fmt.Sprintf("a%d", h), at.Add(time.Minute), 5, archive.JSON)
			r.put(s, fmt.Sprintf("b%d", h), at.Add(2*time.Minute), 3, archive.NDJSON)
		}
	}
}

// run replays until all is done, or what is to be acknowledged is. It reports whether
// all is done.
func (r *rig) run() (done bool) {
	r.Helper()
	names := []string{exchange.ContentType, general.ContentType}
	r.set = metrics.New([]string{"t"}, names)
	types := []source.ContentType{{Name: names[0], Tag: "exchange"}, {Name: names[1], Tag: "general"}}
	retention := map[string]time.Duration{names[0]: 7 * 24 * time.Hour, names[1]: 7 * 24 * time.Hour}
	book, err := ledger.Open(r.db, ledger.Options{Retention: retention, DedupWindow: 7 * 24 * time.Hour, DedupMax: 100_000})
	if err != nil {
		r.Fatal(err)
	}
	monitor := health.NewMonitor(streams, sanitize.NewRedactor(), r.log.logger(), nil)
	monitor.Replays()
	d := delivery.New(delivery.Config{BatchSize: r.batch, UnstoredMax: 100_000, QueueSize: 2_000_000, RecordMax: 100_000, Dedup: true, Downloads: 5, HealthTag: "health"},
		book, monitor, r.set, sanitize.NewRedactor(), r.log.logger())
	r.config.Store, r.config.Metrics = r.store, r.set
	r.config.Sinks = map[string]Sink{"t": d.Tenant("t", types)}
	if r.mistake {
		r.config.Sinks["t"] = mistaken{r.config.Sinks["t"]}
	}
	if r.noted != nil {
		r.noted.Sink = r.config.Sinks["t"]
		r.config.Sinks["t"] = r.noted
	}
	replay := New(r.config, monitor, r.log.logger())
	r.replay = replay
	ctx, cancel := context.WithCancel(context.Background())
	if r.mistake {
		defer cancel()
		defer d.Close(time.Now().Add(time.Minute))
		replay.Run(ctx)
	}
	var running sync.WaitGroup
	running.Go(func() { monitor.Run(ctx) })
	running.Go(func() { replay.Run(ctx) })
	done = r.receive(d, replay)
	time.Sleep(5 * time.Second) // for log lines that are grouped
	cancel()
	running.Wait()
	d.Close(time.Now().Add(time.Minute))
	if n := r.store.open.Load(); n != 0 {
		r.Errorf("%d objects are open", n)
	}
	return done
}

// mistaken is a sink with a mistake.
type mistaken struct{ Sink }

func (mistaken) Room(context.Context) (func(), error) { panic("a mistake") }

// receive acknowledges batches.
func (r *rig) receive(d *delivery.Delivery, replay *Replay) (done bool) {
	n := 0
	for {
		b := d.Next()
		if b != nil && b.Tag != "health" && isClosed(replay.Done()) {
			r.Error("records come after the end")
		}
		switch {
		case b == nil:
			select {
			case <-replay.Done():
				return true
			case <-time.After(10 * time.Millisecond):
			}
			continue
		case r.limit > 0 && n >= r.limit:
			return false
		}
		time.Sleep(r.slow)
		r.events = append(r.events, eventsOf(r.T, b.Events)...)
		n += b.Records
		b.Ack()
		synctest.Wait() // so that the ledger has it
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// ids are the ids of what came out, in order.
func (r *rig) ids() []string {
	var ids []string
	for _, e := range r.events {
		ids = append(ids, e.ID)
	}
	return ids
}

// distinct fails the test where a record came twice, and returns how many came.
func (r *rig) distinct() int {
	r.Helper()
	ids := r.ids()
	slices.Sort(ids)
	if n := len(slices.Compact(slices.Clone(ids))); n != len(ids) {
		r.Errorf("%d of %d records came twice", len(ids)-n, len(ids))
	}
	return len(ids)
}

// eventsOf finds the ids and times in events, whose strings are as they were.
func eventsOf(t *testing.T, events []byte) (found []event) {
	for _, part := range bytes.Split(events, []byte("\xa2Id"))[1:] {
		e := event{ID: text(part), CreationTime: text(part[bytes.Index(part, []byte("CreationTime"))+len("CreationTime"):])}
		found = append(found, e)
	}
	return found
}

// text reads a short string of MessagePack.
func text(b []byte) string {
	if b[0] == 0xd9 {
		return string(b[2 : 2+int(b[1])])
	}
	return string(b[1 : 1+int(b[0]&0x1f)])
}

// lines are what was logged.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) logger() logging.Logger {
	return func(level logging.Level, line string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		if level <= logging.Info {
			l.all = append(l.all, line)
		}
	}
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}

func (l *lines) count(part string) int { return strings.Count(l.text(), part) }
