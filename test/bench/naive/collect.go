package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/fluent/fluent-bit-go/input"
)

// collector downloads everything there is, once.
type collector struct {
	http    *http.Client
	feed    string
	token   string
	types   []string
	encoder *input.FLBEncoder
}

func newCollector(get func(key string) string) (*collector, error) {
	pem, err := os.ReadFile(get("ca_file"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	c := &collector{
		http:    &http.Client{Transport: transport},
		feed:    get("endpoint") + "/api/v1.0/" + get("tenant_id") + "/activity/feed/subscriptions/",
		types:   strings.Split(get("content_types"), ","),
		encoder: input.NewEncoder(),
	}
	return c, c.logIn(get)
}

func (c *collector) logIn(get func(key string) string) error {
	answer, err := c.http.PostForm(get("authority_host")+"/"+get("tenant_id")+"/oauth2/v2.0/token", url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {get("client_id")},
		"client_secret": {get("client_secret")},
		"scope":         {get("endpoint") + "/.default"},
	})
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var token struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&token); err != nil {
		return err
	}
	c.token = token.AccessToken
	return nil
}

func (c *collector) collect(ctx context.Context) error {
	end := time.Now().UTC()
	for _, contentType := range c.types {
		// It fails if the subscription is enabled already; if it is not, listing fails.
		_, _, _ = c.call(ctx, "POST", c.feed+"start?contentType="+contentType)
		for start := end.Add(-7 * 24 * time.Hour); start.Before(end); start = start.Add(24 * time.Hour) {
			if err := c.window(ctx, contentType, start, start.Add(24*time.Hour)); err != nil {
				return err
			}
		}
	}
	return nil
}

// window takes the blobs of a listing, page after page.
func (c *collector) window(ctx context.Context, contentType string, start, end time.Time) error {
	const format = "2006-01-02T15:04:05"
	page := c.feed + "content?contentType=" + contentType + "&startTime=" + start.Format(format) + "&endTime=" + end.Format(format)
	for page != "" {
		body, header, err := c.call(ctx, "GET", page)
		if err != nil {
			return err
		}
		var blobs []struct {
			ContentURI string `json:"contentUri"`
		}
		if err := json.Unmarshal(body, &blobs); err != nil {
			return err
		}
		for _, b := range blobs {
			if err := c.blob(ctx, b.ContentURI); err != nil {
				return err
			}
		}
		page = header.Get("NextPageUri")
	}
	return nil
}

func (c *collector) blob(ctx context.Context, uri string) error {
	body, _, err := c.call(ctx, "GET", uri)
	if err != nil {
		return err
	}
	events, err := c.encode(body)
	if err != nil {
		return fmt.Errorf("%s: %w", uri, err)
	}
	put(events)
	return nil
}

// encode turns a blob into events.
func (c *collector) encode(body []byte) ([]byte, error) {
	var records []map[string]any
	if err := json.Unmarshal(body, &records); err != nil {
		return nil, err
	}
	var events []byte
	for _, record := range records {
		created, err := time.Parse("2006-01-02T15:04:05", fmt.Sprint(record["CreationTime"]))
		if err != nil {
			created = time.Now()
		}
		event, err := c.encoder.Encode([]any{input.FLBTime{Time: created}, record})
		if err != nil {
			return nil, err
		}
		events = append(events, event...)
	}
	return events, nil
}

func (c *collector) call(ctx context.Context, method, uri string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, uri, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, uri, answer.Status)
	}
	return body, answer.Header, err
}
