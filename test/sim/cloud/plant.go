package cloud

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// planted is a record that a fault put into a blob.
type planted struct {
	id     string
	text   string // of a small one
	size   int
	sha256 string
	stub   Digest // of the first fields of a large one
	served bool   // in a body that was sent whole
}

// plant makes the record that the call's fault puts into a blob, and makes it
// part of the truth. It is nil for other faults.
func (c *Cloud) plant(k *call, b *blob) ([]byte, Digest) {
	var text []byte
	switch {
	case k.fault == nil:
		return nil, Digest{}
	case k.fault.Kind == Huge:
		text = huge(b, int(k.fault.Size))
	case k.fault.Kind == SameID:
		text = c.sameID(b, k.fault.Text)
	default:
		return nil, Digest{}
	}
	var d digester
	sum, id, err := d.digest(text)
	if err != nil {
		panic("the simulation made a bad record: " + err.Error())
	}
	full := sha256.Sum256(text)
	p := &planted{id: id, size: len(text), sha256: hex.EncodeToString(full[:])}
	if len(text) < 4<<10 {
		p.text = string(text)
	}
	if head, _, ok := bytes.Cut(text, []byte(`,"Padding":"`)); ok {
		p.stub, _, _ = d.digest(slices.Concat(head, []byte("}")))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.learn()
	if _, again := c.truth.known[sum]; !again {
		c.truth.known[sum] = origin{blob: b, index: -1, copies: 1, planted: p}
	}
	return text, sum
}

// sent notes that a body with a planted record was sent whole: a client can have
// it from now on. The caller holds c.mu.
func (c *Cloud) sent(sum Digest) {
	if o, ok := c.truth.known[sum]; ok && o.planted != nil {
		o.planted.served = true
	}
}

// huge is a record of so many bytes, of which padding is the most.
func huge(b *blob, size int) []byte {
	h := fnv.New64a()
	_, _ = h.Write([]byte(b.id))
	text := fmt.Appendf(nil, `{"CreationTime":"%s","Id":"`, b.created.UTC().Format("2006-01-02T15:04:05"))
	text = appendGUID(text, h.Sum64(), uint64(size))
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
func (c *Cloud) sameID(b *blob, whose string) []byte {
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
	var d digester
	_, id, _ := d.digest(from.record(newMaker(), 0))
	return fmt.Appendf(nil, `{"CreationTime":"%s","Id":"%s","Operation":"OtherContent","ContentId":"%s"}`,
		b.created.UTC().Format("2006-01-02T15:04:05"), id, b.id)
}

// TooLargeKey is the key under which a client names a record that is too large
// for it, of which it delivers the first fields only.
const TooLargeKey = "o365_record_too_large"

// stubOf returns the Digest of the planted record that a client delivered the
// first fields of.
func (c *Cloud) stubOf(record []byte, d *digester) (sum Digest, ok bool) {
	if !bytes.Contains(record, []byte(TooLargeKey)) {
		return sum, false
	}
	var stub struct {
		TooLarge struct {
			Bytes     int    `json:"bytes"`
			ContentID string `json:"content_id"`
			SHA256    string `json:"sha256"`
		} `json:"o365_record_too_large"`
	}
	without := digester{ignore: append([]string{TooLargeKey}, d.ignore...)}
	head, _, err := without.digest(record)
	if err != nil || json.Unmarshal(record, &stub) != nil {
		return sum, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for sum, o := range c.truth.known {
		p := o.planted
		if p != nil && p.stub == head && p.size == stub.TooLarge.Bytes && strings.EqualFold(p.sha256, stub.TooLarge.SHA256) &&
			o.blob.id == stub.TooLarge.ContentID {
			return sum, true
		}
	}
	return sum, false
}

// inserted are the elements that the call's fault puts among the records.
func (k *call) inserted() iter.Seq[string] {
	return func(yield func(string) bool) {
		switch f := k.fault; {
		case k.planted != nil:
			yield(string(k.planted))
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
