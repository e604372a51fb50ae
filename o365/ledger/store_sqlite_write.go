package ledger

import (
	"encoding/binary"
	"hash/crc32"
	"maps"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Rows deleted at most in one transaction, so that none takes long.
const (
	maxDeletedBlobs   = 5000
	maxDeletedKeyRows = 200 // some kilobytes each
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns the CRC-32C over the values of a row. Different rows give
// different bytes.
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

// write commits a transaction, over a new connection after an error.
func (s *sqliteStore) write(tx transaction) error {
	if s.conn == nil {
		if err := s.reconnect(); err != nil {
			return err
		}
	}
	if err := s.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, step := range []func(transaction) error{s.addBlobs, s.addKeys, s.setSince, s.setSpans, s.removeGaps, s.addGaps, s.deleteExpired} {
		if err := step(tx); err != nil {
			return err
		}
	}
	if err := s.exec("COMMIT"); err != nil {
		return err
	}
	maps.Copy(s.since, tx.since)
	return nil
}

func (s *sqliteStore) addBlobs(tx transaction) error {
	for _, b := range tx.blobs {
		id, err := s.stream(b.stream)
		if err != nil {
			return err
		}
		p := b.progress()
		n := []int64{int64(b.keepUntil), b.created, int64(p.Records), int64(b.records & 1)}
		err = s.exec("INSERT OR REPLACE INTO blobs (keep_until, created, records, done, checksum, stream, content_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
			n[0], n[1], n[2], n[3], checksum(n, b.stream.Tenant, b.stream.ContentType, b.id), id, b.id)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) addKeys(tx transaction) error {
	for _, r := range tx.keyRows {
		packed := make([]byte, 0, len(r.keys)*len(Key{}))
		for _, k := range r.keys {
			packed = append(packed, k[:]...)
		}
		err := s.exec("INSERT OR REPLACE INTO keys (id, confirmed, keys, checksum) VALUES (?, ?, ?, ?)",
			r.id, r.time, packed, checksum([]int64{r.id, r.time}, string(packed)))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) setSince(tx transaction) error {
	for st, since := range tx.since {
		id, err := s.stream(st)
		if err != nil {
			return err
		}
		start := since.Unix()
		err = s.exec("INSERT OR REPLACE INTO since (stream, start, checksum) VALUES (?, ?, ?)",
			id, start, checksum([]int64{start}, st.Tenant, st.ContentType))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) setSpans(tx transaction) error {
	for st, spans := range tx.spans {
		id, err := s.stream(st)
		if err != nil {
			return err
		}
		if err := s.exec("DELETE FROM spans WHERE stream = ?", id); err != nil {
			return err
		}
		for _, span := range spans {
			from, to := span.From.Unix(), span.To.Unix()
			err := s.exec("INSERT INTO spans (stream, start, stop, checksum) VALUES (?, ?, ?, ?)",
				id, from, to, checksum([]int64{from, to}, st.Tenant, st.ContentType))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *sqliteStore) addGaps(tx transaction) error {
	for _, g := range tx.gaps {
		id, err := s.stream(g.Stream)
		if err != nil {
			return err
		}
		n := []int64{g.Span.From.Unix(), g.Span.To.Unix(), g.Found.Unix()}
		err = s.exec("INSERT INTO gaps (start, stop, found, stream, reason, checksum) VALUES (?, ?, ?, ?, ?, ?)",
			n[0], n[1], n[2], id, g.Reason, checksum(n, g.Stream.Tenant, g.Stream.ContentType, g.Reason))
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) removeGaps(tx transaction) error {
	for _, g := range tx.removed {
		id, err := s.stream(g.Stream)
		if err != nil {
			return err
		}
		err = s.exec("DELETE FROM gaps WHERE start = ? AND stop = ? AND stream = ? AND reason = ?", g.Span.From.Unix(), g.Span.To.Unix(), id, g.Reason)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *sqliteStore) deleteExpired(tx transaction) error {
	for _, query := range []string{
		"DELETE FROM record_keys WHERE id IN (SELECT id FROM record_keys WHERE id < ? ORDER BY id LIMIT ?)",
		"DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE id < ? ORDER BY id LIMIT ?)",
	} {
		if err := s.exec(query, tx.keyRowsFrom, maxDeletedKeyRows); err != nil {
			return err
		}
	}
	if tx.expiredAt.IsZero() {
		return nil
	}
	err := s.exec("DELETE FROM blobs WHERE (keep_until, stream, content_id) IN"+
		" (SELECT keep_until, stream, content_id FROM blobs WHERE keep_until < ? ORDER BY keep_until LIMIT ?)",
		tx.expiredAt.Unix(), maxDeletedBlobs)
	if err != nil {
		return err
	}
	return s.exec("DELETE FROM gaps WHERE found < ? OR id <= (SELECT max(id) FROM gaps) - ?",
		tx.gapsFrom.Unix(), maxGaps)
}

// stream returns the number of a stream in the file, and adds one that is new.
func (s *sqliteStore) stream(st source.Stream) (int64, error) {
	if id, ok := s.streams[st]; ok {
		return id, nil
	}
	id := int64(1)
	for _, other := range s.streams {
		id = max(id, other+1)
	}
	if err := s.exec("INSERT INTO streams (id, tenant, content_type) VALUES (?, ?, ?)", id, st.Tenant, st.ContentType); err != nil {
		return 0, err
	}
	s.streams[st] = id
	return id, nil
}
