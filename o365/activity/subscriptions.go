package activity

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Subscription is the state of one content type's subscription.
type Subscription struct {
	Type    ContentType `json:"contentType"`
	Status  string      `json:"status"`
	Webhook any         `json:"webhook"`
}

// Enabled reports whether content is made for the subscription.
func (s Subscription) Enabled() bool { return s.Status == "enabled" }

// Subscriptions lists the tenant's subscriptions. Content types that were
// never started are absent. date is the service's clock; zero if it did not say.
func (c *Client) Subscriptions(ctx context.Context) (_ []Subscription, date time.Time, _ error) {
	resp, err := c.do(ctx, OpSubscriptions, http.MethodGet, "subscriptions/list")
	if err != nil {
		return nil, date, err
	}
	defer resp.Body.Close()
	var list []Subscription
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxListing)).Decode(&list); err != nil {
		return nil, date, fmt.Errorf("%s: answer: %w", OpSubscriptions, unexpected(err))
	}
	return list, headerDate(resp.Header), nil
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
