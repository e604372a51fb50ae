package activity

import (
	"context"
	"io"
	"net/http"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// Open implements [source.Source].
func (c *Client) Open(ctx context.Context, item source.Item) (io.ReadCloser, error) {
	resp, err := c.do(ctx, source.OpDownload, http.MethodGet, item.URI)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
