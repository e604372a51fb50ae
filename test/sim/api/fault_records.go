package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/content"
)

// insertedRecord is a record that a fault inserted into a blob.
type insertedRecord struct {
	id     string
	text   string // of a small one
	size   int
	sha256 string
	stub   check.Digest // of the first fields of a large one
	served bool         // in a body that was sent whole
}

// insertRecord makes the record that the request's fault inserts into a blob, and
// adds it to the index. It is nil for other faults.
func (c *Service) insertRecord(req *request, b *blob) ([]byte, check.Digest) {
	var text []byte
	switch {
	case req.fault == nil:
		return nil, check.Digest{}
	case req.fault.Kind == Huge:
		text = huge(b, int(req.fault.Size))
	case req.fault.Kind == SameID:
		text = c.sameID(b, req.fault.Text)
	default:
		return nil, check.Digest{}
	}
	var d check.Digester
	sum, id, err := d.Digest(text)
	if err != nil {
		panic("the simulation made a bad record: " + err.Error())
	}
	full := sha256.Sum256(text)
	r := &insertedRecord{id: id, size: len(text), sha256: hex.EncodeToString(full[:])}
	if len(text) < 4<<10 {
		r.text = string(text)
	}
	if head, _, ok := bytes.Cut(text, []byte(`,"Padding":"`)); ok {
		r.stub, _, _ = d.Digest(slices.Concat(head, []byte("}")))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.updateIndex()
	if _, again := c.index.places[sum]; !again {
		c.index.places[sum] = place{blob: b, index: -1, copies: 1, inserted: r}
	}
	return text, sum
}

// sent notes that a body with an inserted record was sent whole: a client can
// have it from now on. The caller holds c.mu.
func (c *Service) sent(sum check.Digest) {
	if p, ok := c.index.places[sum]; ok && p.inserted != nil {
		p.inserted.served = true
	}
}

// huge is a record of so many bytes, of which padding is the most.
func huge(b *blob, size int) []byte {
	h := fnv.New64a()
	_, _ = h.Write([]byte(b.id))
	text := fmt.Appendf(nil, `{"CreationTime":"%s","Id":"`, b.created.UTC().Format("2006-01-02T15:04:05"))
	text = content.AppendGUID(text, h.Sum64(), uint64(size))
	text = append(text, `","Operation":"HugeRecord","OrganizationId":"`+b.series.tenant.id+
		`","RecordType":8,"UserId":"user@contoso.onmicrosoft.com","UserKey":"10030000","UserType":0,"Version":1,"Workload":"Huge","Padding":"`...)
	if n := size - len(text) - len(`"}`); n > 0 {
		text = append(text, bytes.Repeat([]byte{'x'}, n)...)
	}
	return append(text, `"}`...)
}

// sameID is a record with the Id of the blob's first record; or, with "type", of
// the first record of another content type, or, with "tenant", of another tenant,
// where there is one.
func (c *Service) sameID(b *blob, whose string) []byte {
	c.mu.Lock()
	from := b
	for _, s := range c.series {
		if whose == "type" && s.tenant == b.series.tenant && s.typ != b.series.typ && len(s.blobs) > 0 ||
			whose == "tenant" && s.tenant != b.series.tenant && s.typ == b.series.typ && len(s.blobs) > 0 {
			from = s.blobs[0]
			break
		}
	}
	c.mu.Unlock()
	var d check.Digester
	_, id, _ := d.Digest(from.record(content.NewGenerator(), 0))
	return fmt.Appendf(nil, `{"CreationTime":"%s","Id":"%s","Operation":"OtherContent","ContentId":"%s"}`,
		b.created.UTC().Format("2006-01-02T15:04:05"), id, b.id)
}

// elements are what the request's fault puts among the records.
func (req *request) elements() iter.Seq[string] {
	return func(yield func(string) bool) {
		switch f := req.fault; {
		case req.inserted != nil:
			yield(string(req.inserted))
		case f != nil && f.Kind == Insert:
			yield(f.Text)
		case f != nil && f.Kind == Elements:
			for i := range f.Size {
				if !yield(strings.ReplaceAll(f.Text, "#", strconv.FormatInt(i, 10))) {
					return
				}
			}
		}
	}
}
