package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Subscription is the state of one content type's subscription.
type Subscription struct {
	Type    ContentType
	Enabled bool // content is made for it
}

// maxSubscriptions bounds the list: there are five content types.
const maxSubscriptions = 1000

// Subscriptions lists the tenant's subscriptions. Content types that were
// never started are absent. date is the service's clock; zero if it did not say.
func (c *Client) Subscriptions(ctx context.Context) (list []Subscription, date time.Time, _ error) {
	resp, err := c.do(ctx, OpSubscriptions, http.MethodGet, "subscriptions/list")
	if err != nil {
		return nil, date, err
	}
	defer resp.Body.Close()
	n := 0
	err = eachElement(OpSubscriptions, resp, func(raw []byte) (bool, error) {
		if n++; n > maxSubscriptions {
			return false, fmt.Errorf("more than %d subscriptions", maxSubscriptions)
		}
		var s struct{ ContentType, Status string }
		if json.Unmarshal(raw, &s) == nil && s.ContentType != "" {
			list = append(list, Subscription{Type: ContentType(s.ContentType), Enabled: strings.EqualFold(s.Status, "enabled")})
		}
		return true, nil
	})
	return list, headerDate(resp.Header), err
}

// Start starts a subscription. One that is already enabled (AF20024) is no
// error. After a start the API wants 15 minutes to pass before the next one
// of the same content type.
func (c *Client) Start(ctx context.Context, t ContentType) error {
	resp, err := c.do(ctx, OpStart, http.MethodPost, "subscriptions/start?contentType="+url.QueryEscape(string(t)))
	switch {
	case err == nil:
		return resp.Body.Close()
	case Decide(err) == Done:
		return nil
	}
	return err
}
