package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/o365/source"
)

// maxSubscriptions bounds the list: there are five content types.
const maxSubscriptions = 1000

// Subscriptions implements [source.Subscriber].
func (c *Client) Subscriptions(ctx context.Context) (list []source.Subscription, date time.Time, _ error) {
	resp, err := c.do(ctx, source.OpSubscriptions, http.MethodGet, "subscriptions/list")
	if err != nil {
		return nil, date, err
	}
	defer resp.Body.Close()
	n := 0
	err = c.eachElement(source.OpSubscriptions, resp, func(raw []byte) (bool, error) {
		if n++; n > maxSubscriptions {
			return false, fmt.Errorf("more than %d subscriptions", maxSubscriptions)
		}
		var s struct{ ContentType, Status string }
		if json.Unmarshal(raw, &s) == nil && s.ContentType != "" {
			list = append(list, source.Subscription{ContentType: s.ContentType, Enabled: strings.EqualFold(s.Status, "enabled")})
		}
		return true, nil
	})
	if err == nil && n > 0 && len(list) == 0 {
		err = &unusable{source.OpSubscriptions, "none of its entries is a subscription"}
	}
	return list, headerDate(resp.Header), err
}

// Start implements [source.Subscriber]: a subscription that is already enabled is
// AF20024.
func (c *Client) Start(ctx context.Context, contentType string) (started bool, _ error) {
	resp, err := c.do(ctx, source.OpStart, http.MethodPost, "subscriptions/start?contentType="+url.QueryEscape(contentType))
	switch {
	case err == nil:
		return true, resp.Body.Close()
	case decide(err) == source.Done:
		return false, nil
	}
	return false, err
}
