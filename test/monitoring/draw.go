package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/monitoring/picture"
)

// scrapeInterval is short, since the picture is of minutes.
const scrapeInterval = 5 * time.Second

// draw asks for the data of every panel and writes the picture.
func (m *monitoring) draw(ctx context.Context, p prometheus, to time.Time) error {
	text, err := os.ReadFile(filepath.Join(m.conf, "dashboard.json"))
	if err != nil {
		return err
	}
	d, err := picture.Parse(text)
	if err != nil {
		return err
	}
	span := picture.Span{From: to.Add(-m.span).Truncate(scrapeInterval), To: to.Truncate(scrapeInterval), Step: max(scrapeInterval, (m.span / 200).Truncate(scrapeInterval))}
	choices := make(map[string]string)
	// What Grafana puts in for them, with the default scrape interval setting.
	values := map[string]string{
		"__rate_interval": max(4*scrapeInterval, span.Step+scrapeInterval).String(),
		"__interval":      span.Step.String(),
		"__range":         m.span.String(),
	}
	for _, v := range d.Templating.List {
		if v.Type != "query" {
			continue
		}
		all, err := p.values(ctx, v.Definition, span)
		if err != nil {
			return fmt.Errorf("variable %s: %w", v.Name, err)
		}
		switch len(all) {
		case 0:
			return fmt.Errorf("variable %s: no values", v.Name)
		case 1:
			choices[v.Name], values[v.Name] = all[0], all[0]
		default:
			choices[v.Name], values[v.Name] = "All", "("+strings.Join(all, "|")+")"
		}
	}
	d.Replace(values)
	data := make(map[int][]picture.Series)
	for _, panel := range d.Panels {
		for _, t := range panel.Targets {
			series, err := p.query(ctx, t, span)
			if err != nil {
				return fmt.Errorf("panel %q: %w", panel.Title, err)
			}
			data[panel.ID] = append(data[panel.ID], series...)
		}
	}
	var out bytes.Buffer
	if err := picture.Draw(&out, d, choices, data, span); err != nil {
		return err
	}
	note("%s, %d kB", m.out, out.Len()>>10)
	return os.WriteFile(m.out, out.Bytes(), 0o644)
}

var placeholder = regexp.MustCompile(`\{\{ *([a-zA-Z_]+) *\}\}`)

// legend is the name of a series in the format of its target.
func legend(format string, labels map[string]string) string {
	return placeholder.ReplaceAllStringFunc(format, func(p string) string {
		return labels[placeholder.FindStringSubmatch(p)[1]]
	})
}
