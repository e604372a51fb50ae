package ledger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Rows deleted at most in one transaction, so that none takes long.
const (
	pruneBlobs = 5000
	pruneRows  = 200 // of record keys, some kilobytes each
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum covers the values of a row; no two rows have the same bytes.
func checksum(numbers []int64, texts ...string) int64 {
	var room [512]byte
	b := room[:0]
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, t := range texts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(t)))
		b = append(b, t...)
	}
	return int64(crc32.Checksum(b, castagnoli))
}

// commit is one transaction. After an error the connection is dropped: that
// rolls back, and nobody has to know in what state it was.
func (f *file) commit(c change) error {
	if c.empty() {
		return nil
	}
	err := f.write(c)
	if err != nil {
		f.disconnect()
	}
	if damaged(err) {
		if err = f.restart(err); err == nil {
			err = f.write(c)
		}
	}
	if err != nil {
		return fmt.Errorf("db %q: %w", f.path, err)
	}
	return nil
}

func (f *file) write(c change) error {
	if f.conn == nil {
		if err := f.connect(); err != nil {
			return err
		}
	}
	if err := f.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, step := range []func(change) error{f.addBlobs, f.addKeys, f.setSince, f.setSpans, f.addGaps, f.forget} {
		if err := step(c); err != nil {
			return err
		}
	}
	if err := f.exec("COMMIT"); err != nil {
		return err
	}
	maps.Copy(f.since, c.since)
	return nil
}

func (f *file) addBlobs(c change) error {
	for _, b := range c.blobs {
		id, err := f.stream(b.stream)
		if err != nil {
			return err
		}
		p := b.progress()
		n := []int64{int64(b.until), b.created, int64(p.Records), int64(b.records & 1)}
		err = f.exec("INSERT OR REPLACE INTO blobs (keep_until, created, records, done, checksum, stream, content_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
			n[0], n[1], n[2], n[3], checksum(n, b.stream.Tenant, b.stream.ContentType, b.id), id, b.id)
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) addKeys(c change) error {
	r := c.keys
	if len(r.keys) == 0 {
		return nil
	}
	packed := make([]byte, 0, len(r.keys)*len(Key{}))
	for _, k := range r.keys {
		packed = append(packed, k[:]...)
	}
	return f.exec("INSERT OR REPLACE INTO keys (id, confirmed, keys, checksum) VALUES (?, ?, ?, ?)",
		r.id, r.time, packed, checksum([]int64{r.id, r.time}, string(packed)))
}

func (f *file) setSince(c change) error {
	for st, since := range c.since {
		id, err := f.stream(st)
		if err != nil {
			return err
		}
		start := since.Unix()
		err = f.exec("INSERT OR REPLACE INTO since (stream, start, checksum) VALUES (?, ?, ?)",
			id, start, checksum([]int64{start}, st.Tenant, st.ContentType))
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) setSpans(c change) error {
	for st, spans := range c.spans {
		id, err := f.stream(st)
		if err != nil {
			return err
		}
		if err := f.exec("DELETE FROM spans WHERE stream = ?", id); err != nil {
			return err
		}
		for _, s := range spans {
			from, to := s.From.Unix(), s.To.Unix()
			err := f.exec("INSERT INTO spans (stream, start, stop, checksum) VALUES (?, ?, ?, ?)",
				id, from, to, checksum([]int64{from, to}, st.Tenant, st.ContentType))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *file) addGaps(c change) error {
	for _, g := range c.gaps {
		id, err := f.stream(g.Stream)
		if err != nil {
			return err
		}
		n := []int64{g.Span.From.Unix(), g.Span.To.Unix(), g.Found.Unix()}
		err = f.exec("INSERT INTO gaps (start, stop, found, stream, reason, checksum) VALUES (?, ?, ?, ?, ?, ?)",
			n[0], n[1], n[2], id, g.Reason, checksum(n, g.Stream.Tenant, g.Stream.ContentType, g.Reason))
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) forget(c change) error {
	for _, query := range []string{
		"DELETE FROM record_keys WHERE id IN (SELECT id FROM record_keys WHERE id < ? ORDER BY id LIMIT ?)",
		"DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE id < ? ORDER BY id LIMIT ?)",
	} {
		if err := f.exec(query, c.rowsBefore, pruneRows); err != nil {
			return err
		}
	}
	if c.prune.IsZero() {
		return nil
	}
	err := f.exec("DELETE FROM blobs WHERE (keep_until, stream, content_id) IN"+
		" (SELECT keep_until, stream, content_id FROM blobs WHERE keep_until < ? ORDER BY keep_until LIMIT ?)",
		c.prune.Unix(), pruneBlobs)
	if err != nil {
		return err
	}
	return f.exec("DELETE FROM gaps WHERE found < ? OR id <= (SELECT max(id) FROM gaps) - ?",
		c.prune.Add(-gapsKept).Unix(), gapsMost)
}

// stream is the number of a stream in the file, made when it is new.
func (f *file) stream(s source.Stream) (int64, error) {
	if id, ok := f.streams[s]; ok {
		return id, nil
	}
	id := int64(1)
	for _, other := range f.streams {
		id = max(id, other+1)
	}
	if err := f.exec("INSERT INTO streams (id, tenant, content_type) VALUES (?, ?, ?)", id, s.Tenant, s.ContentType); err != nil {
		return 0, err
	}
	f.streams[s] = id
	return id, nil
}
