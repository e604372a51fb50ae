package api

import (
	"regexp"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/check"
)

var contentID = regexp.MustCompile(`^\d{23}\$\d{23}\$[a-z_]+\$[A-Za-z_]+\$[a-z]+\d+$`)

// download serves a content blob.
func (c *Service) download(req *request) error {
	id := req.r.PathValue("id")
	c.mu.Lock()
	c.advance()
	b, now := req.tenant.blobs[id], c.Now()
	var body *compressedBody
	if b != nil {
		body = b.body
	}
	c.mu.Unlock()
	switch {
	case !contentID.MatchString(id):
		return refusef("AF20052", "Content ID %s in the URL is invalid.", id)
	case b == nil || now.Before(b.listed):
		return refusef("AF20050", "The specified content (%s) does not exist.", id)
	case !now.Before(b.expires):
		return refusef("AF20051", "Content requested with the key %s has already expired. Content older than 7 days cannot be retrieved.", id)
	}
	from := 0
	if req.param("part") == "2" {
		from = b.estimate() / 2
	}
	req.w.Header().Set("Content-Type", b.mediaType())
	var sum check.Digest
	req.inserted, sum = c.insertRecord(req, b)
	var err error
	if body != nil && from == 0 && req.fault == nil && req.takesGzip() {
		err = req.writeCompressed(body)
	} else {
		err = c.writeBody(req, array(b.texts(from)), b.estimate()-from)
	}
	if err != nil {
		return nil // it did not all reach the client
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.blob(b.served > 0, from > 0)
	if from == 0 {
		b.served++
		c.sent(sum)
	}
	return nil
}
