package api

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"runtime"
	"strconv"
	"sync"
)

// compressedBody is the body of a blob, made beforehand.
type compressedBody struct {
	gzip []byte
	size int64 // of the JSON in it
}

// Precompress makes the bodies of all blobs there are and keeps them compressed.
// That is for clients whose speed is measured: to make a body takes longer than to
// read it. For a client that takes no gzip, and for a request that a fault happens
// to, the body is still made on request.
func (c *Service) Precompress() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	blobs := make(chan *blob)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for b := range blobs {
				b.body = b.compress()
			}
		})
	}
	for _, s := range c.series {
		for _, b := range s.blobs {
			blobs <- b
		}
	}
	close(blobs)
	workers.Wait()
}

func (b *blob) compress() *compressedBody {
	var wire bytes.Buffer
	zip := gzip.NewWriter(&wire)
	made := &compressedBody{}
	for piece := range array(b.texts(0)) {
		_, _ = zip.Write(piece) // a bytes.Buffer takes everything
		made.size += int64(len(piece))
	}
	_ = zip.Close()
	made.gzip = bytes.Clone(wire.Bytes())
	return made
}

// writeCompressed is writeBody for a body that was made beforehand.
func (req *request) writeCompressed(b *compressedBody) error {
	h := req.w.Header()
	h.Add("Vary", "Accept-Encoding")
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Length", strconv.Itoa(len(b.gzip)))
	req.w.WriteHeader(http.StatusOK)
	_, err := req.w.Write(b.gzip)
	return err
}
