package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
	"github.com/fluent-bit-o365/fluent-bit-o365/o365/storage"
)

// The metadata of an object.
const (
	metaID      = "content_id"
	metaCreated = "content_created"    // RFC 3339; absent if unknown
	metaExpires = "content_expiration" // likewise
	metaRecords = "records"            // how many
	metaSHA256  = "sha256"             // of the JSON as the service served it, unpacked, in hexadecimal
	metaBytes   = "json_bytes"         // of the same
)

// content is the copy of one download.
type content struct {
	archive *Archive
	tenant  string
	item    source.Item
	number  int // of the version that is written
	sum     hash.Hash
	bytes   int64 // of JSON

	sender *sender      // nil: no object is begun
	gzip   *gzip.Writer // what compresses; nil where the service did
	lines  *lines       // of the format ndjson, before gzip
}

func (a *Archive) begin(tenant string, i source.Item) *content {
	c := &content{archive: a, tenant: tenant, item: i, sum: sha256.New()}
	c.number = a.number(c.name(1))
	if a.config.Format == NDJSON {
		c.compress()
	}
	return c
}

// compress begins an object that is compressed here.
func (c *content) compress() {
	c.send()
	c.gzip, _ = gzip.NewWriterLevel(c.sender, gzip.BestSpeed) // the level is one that there is
	if c.archive.config.Format == NDJSON {
		c.lines = &lines{to: c.gzip}
	}
}

// answer is called with each answer of the service: all but the last are refusals. The
// object of one that is compressed is the answer as it is.
func (c *content) answer(packed bool) io.Writer {
	if c.archive.config.Format == NDJSON {
		return io.Discard
	}
	c.drop()
	if !packed {
		return nil // read begins the object
	}
	c.send()
	return c.sender
}

func (c *content) send() {
	c.sender = send(c.archive.ctx, c.archive.config.Store, c.name(c.number), c.archive.config.Go)
}

func (c *content) name(number int) string {
	return Name(c.tenant, c.item, c.archive.config.Format, number)
}

// read takes JSON as it is read.
func (c *content) read(p []byte) {
	if len(p) == 0 {
		return
	}
	c.sum.Write(p)
	c.bytes += int64(len(p))
	if c.sender == nil { // the answer is not compressed
		c.compress()
	}
	switch {
	case c.lines != nil:
		_, _ = c.lines.Write(p) // a sender has no errors
	case c.gzip != nil:
		_, _ = c.gzip.Write(p)
	}
}

// drop gives the object up.
func (c *content) drop() {
	if c.sender != nil {
		c.sender.abort()
		c.archive.away.hang(c.sender.ended)
		c.sender = nil
	}
}

// keep ends the object, and returns its size; 0 if it was there already.
func (c *content) keep(records int) (size int64, err error) {
	if c.sender == nil {
		c.compress()
	}
	if c.lines != nil {
		_ = c.lines.end()
	}
	if c.gzip != nil {
		_ = c.gzip.Close()
	}
	s := c.sender
	c.sender = nil
	size, err = s.finish(c.metadata(records))
	if err == nil {
		return size, nil
	}
	c.archive.away.hang(s.ended)
	if errors.Is(err, storage.ErrExists) {
		return 0, c.compare()
	}
	return 0, err
}

func (c *content) metadata(records int) storage.Metadata {
	m := storage.Metadata{
		metaID:      escape(c.item.ID), // which is ASCII
		metaRecords: strconv.Itoa(records),
		metaSHA256:  c.sha256(),
		metaBytes:   strconv.FormatInt(c.bytes, 10),
	}
	for name, at := range map[string]time.Time{metaCreated: c.item.Created, metaExpires: c.item.Expires} {
		if !at.IsZero() {
			m[name] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	return m
}

func (c *content) sha256() string { return hex.EncodeToString(c.sum.Sum(nil)) }

// compare decides what to do about an object that is there already: it is of an earlier
// run that ended before the ledger had the item, or the service has served the content
// otherwise, in part when a listing began in the middle of it. The longer one is kept
// beside it, for which the content must be downloaded again.
func (c *content) compare() error {
	ctx, cancel := context.WithTimeout(c.archive.ctx, patience)
	defer cancel()
	for n := 1; ; n++ {
		info, err := c.archive.config.Store.Stat(ctx, c.name(n))
		switch {
		case errors.Is(err, storage.ErrNotFound) && n > 1:
			c.archive.setNumber(c.name(1), n)
			return errAnotherVersion
		case err != nil:
			return err
		case info.Metadata[metaSHA256] == c.sha256():
			c.archive.forgetNumber(c.name(1))
			return nil
		}
		if bytes, err := strconv.ParseInt(info.Metadata[metaBytes], 10, 64); err == nil && bytes >= c.bytes || n == mostVersions {
			c.archive.forgetNumber(c.name(1))
			return nil
		}
	}
}
