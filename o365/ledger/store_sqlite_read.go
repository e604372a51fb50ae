package ledger

import (
	"fmt"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// scan is sql.Rows.Scan.
type scan func(...any) error

// readState reads all tables but that of the streams into st, which is empty.
func (s *sqliteStore) readState(st *state) error {
	streams := make(map[int64]source.Stream, len(s.streams))
	for name, id := range s.streams {
		streams[id] = name
	}
	for _, read := range []func(*state, map[int64]source.Stream) error{s.readSince, s.readBlobs, s.readKeys, s.readSpans, s.readGaps} {
		if err := read(st, streams); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) readStreams() error {
	return s.each("SELECT id, tenant, content_type FROM streams", func(scan scan) error {
		var id int64
		var name source.Stream
		err := scan(&id, &name.Tenant, &name.ContentType)
		if id < 0 || id > maxStoredNumber {
			return fmt.Errorf("stream %d", id)
		}
		s.streams[name] = id
		return err
	})
}

func (s *sqliteStore) readBlobs(st *state, streams map[int64]source.Stream) error {
	n := make([]int64, 4)
	const query = "SELECT keep_until, created, records, done, checksum, stream, content_id FROM blobs"
	return s.each(query, func(scan scan) error {
		var sum, id int64
		var text string
		if err := scan(&n[0], &n[1], &n[2], &n[3], &sum, &id, &text); err != nil {
			return err
		}
		name := streams[id]
		st.blobs.set(blobKey(name, text), entry{keepUntil: uint32(n[0]), records: uint32(n[2]<<1 | n[3])})
		return verify(sum, n, name.Tenant, name.ContentType, text)
	})
}

// readKeys reads the rows of schema 1 first: they have the lower ids.
func (s *sqliteStore) readKeys(st *state, _ map[int64]source.Stream) error {
	err := s.eachKeyRow("record_keys", func(r keyRow) {
		r.old = true
		for i, k := range r.keys {
			r.keys[i] = fromSchema1(k)
		}
		st.keys.add(r)
	})
	if err != nil {
		return err
	}
	return s.eachKeyRow("keys", st.keys.add)
}

func (s *sqliteStore) eachKeyRow(table string, add func(keyRow)) error {
	return s.each("SELECT id, confirmed, keys, checksum FROM "+table+" ORDER BY id", func(scan scan) error {
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

func (s *sqliteStore) readSince(st *state, streams map[int64]source.Stream) error {
	return s.each("SELECT start, checksum, stream FROM since", func(scan scan) error {
		var start, sum, id int64
		if err := scan(&start, &sum, &id); err != nil {
			return err
		}
		name := streams[id]
		if err := verify(sum, []int64{start}, name.Tenant, name.ContentType); err != nil {
			return err
		}
		st.since[name] = time.Unix(start, 0).UTC()
		s.since[name] = st.since[name]
		return nil
	})
}

func (s *sqliteStore) readSpans(st *state, streams map[int64]source.Stream) error {
	const query = "SELECT start, stop, checksum, stream FROM spans ORDER BY stream, start"
	return s.each(query, func(scan scan) error {
		var from, to, sum, id int64
		if err := scan(&from, &to, &sum, &id); err != nil {
			return err
		}
		name := streams[id]
		st.spans[name] = append(st.spans[name], unixSpan(from, to))
		return verify(sum, []int64{from, to}, name.Tenant, name.ContentType)
	})
}

// readGaps leaves out a gap that is there twice: the answer to the first commit got
// lost, and it was repeated.
func (s *sqliteStore) readGaps(st *state, streams map[int64]source.Stream) error {
	n := make([]int64, 3)
	read := make(map[Gap]bool)
	const query = "SELECT start, stop, found, checksum, stream, reason FROM gaps ORDER BY id"
	return s.each(query, func(scan scan) error {
		var sum, id int64
		var reason string
		if err := scan(&n[0], &n[1], &n[2], &sum, &id, &reason); err != nil {
			return err
		}
		name := streams[id]
		g := Gap{Stream: name, Span: unixSpan(n[0], n[1]), Reason: reason}
		if !read[g] {
			read[g] = true
			g.Found = time.Unix(n[2], 0).UTC()
			st.apply(transaction{gaps: []Gap{g}})
		}
		return verify(sum, n, name.Tenant, name.ContentType, reason)
	})
}

// each calls row for every row of the query's result. An error of row is damage;
// one of the query itself may be a passing fault.
func (s *sqliteStore) each(query string, row func(scan) error) error {
	rows, err := s.conn.QueryContext(s.ctx, query)
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

// maxStoredNumber bounds ids and times, in Unix seconds before and after 1970: those
// of the year 9999 are within it, and adding to it does not overflow.
const maxStoredNumber = 1 << 38

func verify(sum int64, numbers []int64, texts ...string) error {
	for _, n := range numbers {
		if n < -maxStoredNumber || n > maxStoredNumber {
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
