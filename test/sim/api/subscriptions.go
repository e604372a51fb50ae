package api

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// subscription is the state of one tenant and content type.
type subscription struct {
	enabled    bool
	ever       bool      // it was started once
	since      time.Time // first start
	lastStart  time.Time
	disabledBy string // who disabled it, if somebody did
	webhook    json.RawMessage
}

// SetAuditing turns a tenant's audit log on or off; an unknown tenant is ignored.
// While it is off, a start is answered as if the tenant did not exist.
func (c *Service) SetAuditing(tenant string, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tenants[strings.ToLower(tenant)]; t != nil {
		t.auditing = on
	}
}

// Disable makes a subscription one that an administrator disabled: listing
// answers AF20023 until it is started again. What does not exist is ignored.
func (c *Service) Disable(tenant, contentType string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tenants[strings.ToLower(tenant)]; t != nil && t.series[contentType] != nil {
		t.series[contentType].sub.disabledBy = "a tenant admin"
	}
}

// find returns the series that a request names. The caller holds c.mu.
func (c *Service) find(req *request) (*series, error) {
	if req.contentOf == "" {
		return nil, refusef("AF20001", "Missing parameter: contentType.")
	}
	for typ, s := range req.tenant.series {
		if strings.EqualFold(typ, req.contentOf) {
			return s, nil
		}
	}
	return nil, refusef("AF20020", "The specified content type is not valid.")
}

func (c *Service) startSubscription(req *request) (string, error) {
	webhook, err := webhookOf(req.r.Body)
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	s, err := c.find(req)
	if err != nil {
		return "", err
	}
	now := c.Now()
	if !s.sub.lastStart.IsZero() {
		since := now.Sub(s.sub.lastStart)
		if since < 15*time.Minute {
			c.stats.earlyStart()
		}
		if since < c.opt.StartWait {
			return "", tooMany(req)
		}
	}
	s.sub.lastStart = now
	switch {
	case !req.tenant.auditing:
		return "", auditingOff(req, s)
	case s.sub.enabled && s.sub.disabledBy == "" && webhook == nil:
		return "", refusef("AF20024", "The subscription is already enabled. No property change.")
	}
	if !s.sub.ever {
		s.sub.since = now
	}
	s.sub.enabled, s.sub.ever, s.sub.disabledBy, s.sub.webhook = true, true, "", webhook
	return s.status(), nil
}

// webhookOf reads the optional body of a start.
func webhookOf(body io.Reader) (json.RawMessage, error) {
	text, err := io.ReadAll(io.LimitReader(body, 1<<16))
	if err != nil || len(strings.TrimSpace(string(text))) == 0 {
		return nil, nil
	}
	var request struct {
		Webhook json.RawMessage `json:"webhook"`
	}
	if err := json.Unmarshal(text, &request); err != nil {
		return nil, refusef("AF20002", "Invalid parameter type: webhook. Expected type: object")
	}
	return request.Webhook, nil
}

// auditingOff is the answer to a start while the tenant's audit log is off: the
// code is a trace, the message an exception.
func auditingOff(req *request, s *series) error {
	code := fmt.Sprintf("StartSubscription [CorrId=%s][TenantId=%s,ContentType=%s,ApplicationId=%s,PublisherId=%s][AppId=%s]",
		correlation, req.tenant.id, s.typ, application, publisher(req), application)
	return refusef(code+" System.AggregateException: One or more errors occurred. ---> \r\n   at Microsoft.Office.Compliance.Audit.API.StartController",
		"Microsoft.Office.Compliance.Audit.DataServiceException: Tenant %s does not exist.", req.tenant.id)
}

const (
	correlation = "3f0c8a8e-6a1d-4c5e-9b57-0d5f4c8a1e21"
	application = "8e6d2c51-0f6b-4f5e-8a0e-6f0a3f6f7c11"
)

func (c *Service) stopSubscription(req *request) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.advance()
	s, err := c.find(req)
	if err != nil {
		return "", err
	}
	if !s.sub.enabled {
		return "", refusef("AF20022", "No subscription found for the specified content type.")
	}
	s.sub.enabled = false
	return "", nil
}

func (c *Service) listSubscriptions(req *request) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, s := range c.series {
		if s.tenant == req.tenant && s.sub.ever {
			all = append(all, s.status())
		}
	}
	return "[" + strings.Join(all, ",") + "]", nil
}

func (c *Service) listNotifications(req *request) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.find(req); err != nil {
		return "", err
	}
	return "[]", nil
}

func (s *series) status() string {
	status, webhook := "disabled", "null"
	if s.sub.enabled && s.sub.disabledBy == "" {
		status = "enabled"
	}
	if s.sub.webhook != nil {
		webhook = string(s.sub.webhook)
	}
	return fmt.Sprintf(`{"contentType":%q,"status":%q,"webhook":%s}`, s.typ, status, webhook)
}
