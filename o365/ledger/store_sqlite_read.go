package ledger

import (
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// scan is sql.Rows.Scan.
type scan func(...any) error

// load reads the whole file into st.
func (f *file) load(st *state) error {
	streams := make(map[int64]source.Stream, len(f.streams))
	for s, id := range f.streams {
		streams[id] = s
	}
	for _, table := range []func(*state, map[int64]source.Stream) error{f.loadSince, f.loadBlobs, f.loadKeys, f.loadSpans, f.loadGaps} {
		if err := table(st, streams); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) loadStreams() error {
	return f.each("SELECT id, tenant, content_type FROM streams", func(scan scan) error {
		var id int64
		var s source.Stream
		err := scan(&id, &s.Tenant, &s.ContentType)
		if id < 0 || id > mostNumber {
			return fmt.Errorf("stream %d", id)
		}
		f.streams[s] = id
		return err
	})
}

func (f *file) loadBlobs(st *state, streams map[int64]source.Stream) error {
	n := make([]int64, 4)
	const query = "SELECT keep_until, created, records, done, checksum, stream, content_id FROM blobs"
	return f.each(query, func(scan scan) error {
		var sum, id int64
		var text string
		if err := scan(&n[0], &n[1], &n[2], &n[3], &sum, &id, &text); err != nil {
			return err
		}
		s := streams[id]
		st.blobs.set(blobKey(s, text), entry{until: uint32(n[0]), records: uint32(n[2]<<1 | n[3])})
		return verify(sum, n, s.Tenant, s.ContentType, text)
	})
}

// loadKeys reads the rows of schema 1 first: they have the lower ids.
func (f *file) loadKeys(st *state, _ map[int64]source.Stream) error {
	err := f.eachKeyRow("record_keys", func(r keyRow) {
		r.old = true
		st.keys.add(r)
	})
	if err == nil {
		err = f.eachKeyRow("keys", st.keys.add)
	}
	st.keys.evicted = 0
	return err
}

func (f *file) eachKeyRow(table string, add func(keyRow)) error {
	return f.each("SELECT id, confirmed, keys, checksum FROM "+table+" ORDER BY id", func(scan scan) error {
		var r keyRow
		var packed []byte
		var sum int64
		if err := scan(&r.id, &r.time, &packed, &sum); err != nil {
			return err
		}
		if err := verify(sum, []int64{r.id, r.time}, string(packed)); err != nil {
			return err
		}
		if len(packed)%len(Key{}) != 0 {
			return fmt.Errorf("keys of %d bytes", len(packed))
		}
		r.keys = make([]Key, len(packed)/len(Key{}))
		for i := range r.keys {
			r.keys[i] = Key(packed[i*len(Key{}):])
		}
		add(r)
		return nil
	})
}

func (f *file) loadSince(st *state, streams map[int64]source.Stream) error {
	return f.each("SELECT start, checksum, stream FROM since", func(scan scan) error {
		var start, sum, id int64
		if err := scan(&start, &sum, &id); err != nil {
			return err
		}
		s := streams[id]
		if err := verify(sum, []int64{start}, s.Tenant, s.ContentType); err != nil {
			return err
		}
		st.since[s] = time.Unix(start, 0).UTC()
		f.since[s] = st.since[s]
		return nil
	})
}

func (f *file) loadSpans(st *state, streams map[int64]source.Stream) error {
	const query = "SELECT start, stop, checksum, stream FROM spans ORDER BY stream, start"
	return f.each(query, func(scan scan) error {
		var from, to, sum, id int64
		if err := scan(&from, &to, &sum, &id); err != nil {
			return err
		}
		s := streams[id]
		st.spans[s] = append(st.spans[s], unixSpan(from, to))
		return verify(sum, []int64{from, to}, s.Tenant, s.ContentType)
	})
}

func (f *file) loadGaps(st *state, streams map[int64]source.Stream) error {
	n := make([]int64, 3)
	const query = "SELECT start, stop, found, checksum, stream, reason FROM gaps ORDER BY id"
	return f.each(query, func(scan scan) error {
		var sum, id int64
		var reason string
		if err := scan(&n[0], &n[1], &n[2], &sum, &id, &reason); err != nil {
			return err
		}
		s := streams[id]
		st.apply(change{gaps: []Gap{{s, unixSpan(n[0], n[1]), reason, time.Unix(n[2], 0).UTC()}}})
		return verify(sum, n, s.Tenant, s.ContentType, reason)
	})
}

// each calls row for every row of the query's result. What row refuses is
// damage; what the query itself says may be a passing fault.
func (f *file) each(query string, row func(scan) error) error {
	rows, err := f.conn.QueryContext(f.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return fmt.Errorf("%w: %w", errDamaged, err)
		}
	}
	return rows.Err()
}

// mostNumber bounds ids and times, before and after 1970: those of the year 9999
// are within it, and adding to it does not overflow.
const mostNumber = 1 << 38

func verify(sum int64, numbers []int64, texts ...string) error {
	for _, n := range numbers {
		if n < -mostNumber || n > mostNumber {
			return fmt.Errorf("number %d", n)
		}
	}
	if got := checksum(numbers, texts...); got != sum {
		return fmt.Errorf("checksum %08x instead of %08x", got, sum)
	}
	return nil
}

func unixSpan(from, to int64) source.Span {
	return source.Span{From: time.Unix(from, 0).UTC(), To: time.Unix(to, 0).UTC()}
}
