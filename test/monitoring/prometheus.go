package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/monitoring/picture"
)

// prometheus is asked by its HTTP API.
// https://prometheus.io/docs/prometheus/latest/querying/api/
type prometheus struct{ url string }

// get decodes the data of an answer.
func (p prometheus) get(ctx context.Context, path string, values url.Values, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path+"?"+values.Encode(), nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer := struct {
		Error string
		Data  any
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("%s: %w", response.Status, err)
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

var labelValues = regexp.MustCompile(`^label_values\((.+), *(\w+)\)$`)

// values are those of a variable whose query is label_values(selector, label).
func (p prometheus) values(ctx context.Context, query string, span picture.Span) ([]string, error) {
	m := labelValues.FindStringSubmatch(query)
	if m == nil {
		return nil, fmt.Errorf("%q is not label_values(selector, label)", query)
	}
	selector, _, _ := strings.Cut(m[1], "{") // what was chosen before is all there is
	var all []string
	err := p.get(ctx, "/api/v1/label/"+m[2]+"/values", url.Values{
		"match[]": {selector}, "start": {stamp(span.From)}, "end": {stamp(span.To)},
	}, &all)
	return all, err
}

// query asks for a target's series over the span; an instant one has a point.
func (p prometheus) query(ctx context.Context, t picture.Target, span picture.Span) ([]picture.Series, error) {
	path, values := "/api/v1/query_range", url.Values{
		"query": {t.Expr}, "start": {stamp(span.From)}, "end": {stamp(span.To)},
		"step": {strconv.FormatFloat(span.Step.Seconds(), 'f', -1, 64)},
	}
	if t.Instant {
		path, values = "/api/v1/query", url.Values{"query": {t.Expr}, "time": {stamp(span.To)}}
	}
	var data struct {
		Result []struct {
			Metric map[string]string
			Value  *sample
			Values []sample
		}
	}
	if err := p.get(ctx, path, values, &data); err != nil {
		return nil, fmt.Errorf("%s: %w", t.Expr, err)
	}
	var all []picture.Series
	for _, r := range data.Result {
		s := picture.Series{Name: legend(t.LegendFormat, r.Metric)}
		if r.Value != nil {
			r.Values = append(r.Values, *r.Value)
		}
		for _, v := range r.Values {
			s.Points = append(s.Points, picture.Point(v))
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b picture.Series) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// sample is written as [seconds, "value"].
type sample picture.Point

func (s *sample) UnmarshalJSON(text []byte) error {
	var seconds float64
	var value string
	if err := json.Unmarshal(text, &[]any{&seconds, &value}); err != nil {
		return err
	}
	v, err := strconv.ParseFloat(value, 64)
	*s = sample{Time: time.UnixMilli(int64(math.Round(seconds * 1000))), Value: v}
	return err
}

func stamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
