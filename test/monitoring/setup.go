package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
)

const quota = 300 // requests a minute

// setup is everything that runs for the picture.
type setup struct {
	service     *rig.Service
	destination *destination
	prometheus  prometheus
	ends        []func()
}

// startSetup starts the service and what it needs, up to Prometheus.
func startSetup(ctx context.Context, dir string, m *monitoring) (_ *setup, err error) {
	s := &setup{destination: startDestination()}
	s.ends = append(s.ends, s.destination.Close)
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.service, err = rig.StartService(dir, api.Options{
		Seed: 1, Blobs: 168, Records: 60, Live: 4 * time.Second,
		Duplicates: 1, Late: 5, LateBy: 90 * time.Second,
		Quota: api.Quota{PerMinute: quota},
	}); err != nil {
		return nil, err
	}
	s.ends = append(s.ends, s.service.Down)
	http, root, err := rig.HTTPServer()
	if err != nil {
		return nil, err
	}
	if err := s.startFluentBit(ctx, dir, m.plugin, http, root); err != nil {
		return nil, err
	}
	listen, _, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	s.prometheus = prometheus{url: "http://" + listen}
	return s, s.startPrometheus(ctx, dir, m.conf, strings.TrimPrefix(root, "http://"), listen)
}

func (s *setup) startFluentBit(ctx context.Context, dir, plugin string, httpServer rig.Options, root string) error {
	host, err := rig.FindFluentBit()
	if err != nil {
		return err
	}
	if host.Path == "" {
		return errors.New(rig.NoFluentBit)
	}
	note("%s", host)
	to, err := url.Parse(s.destination.URL)
	if err != nil {
		return err
	}
	cmd, err := host.Command(context.Background(), dir, plugin, rig.Config{
		Service: httpServer.With(rig.Options{"flush": "1", "log_level": "warn", "scheduler.base": "1", "scheduler.cap": "5"}),
		Inputs: []rig.Options{s.service.Options().With(rig.Options{
			"name": "o365", "alias": "o365", "tag": "o365", "mem_buf_limit": "4M", "queue_size": "8M",
			"db": filepath.Join(dir, "o365.db"), "lookback": "1m", "requests_per_minute": strconv.Itoa(quota),
		})},
		Outputs: []rig.Options{{
			"name": "http", "match": "*", "host": to.Hostname(), "port": to.Port(), "format": "json_lines", "retry_limit": "no_limits",
		}},
	})
	if err != nil {
		return err
	}
	return s.start(ctx, root+"/api/v2/metrics/prometheus", cmd)
}

// The parts of the scrape configuration that are not as in the example.
var (
	target   = regexp.MustCompile(`localhost:2020`)
	interval = regexp.MustCompile(`(?m)^( *scrape_interval:) .*$`)
)

func (s *setup) startPrometheus(ctx context.Context, dir, conf, from, listen string) error {
	text, err := os.ReadFile(filepath.Join(conf, "prometheus.yaml"))
	if err != nil {
		return err
	}
	text = target.ReplaceAll(text, []byte(from))
	text = interval.ReplaceAll(text, []byte("${1} "+scrapeInterval.String()))
	rules, err := os.ReadFile(filepath.Join(conf, "rules.yaml"))
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "prometheus.yaml")
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), rules, 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return s.start(ctx, s.prometheus.url+"/-/ready", exec.Command("prometheus", "--config.file", file, "--log.level", "warn",
		"--storage.tsdb.path", filepath.Join(dir, "prometheus"), "--web.listen-address", listen))
}

// start starts a program, which ends with the setup, and waits until it answers
// at a URL.
func (s *setup) start(ctx context.Context, ready string, cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	p, err := rig.Start(cmd)
	if err != nil {
		return err
	}
	s.ends = append(s.ends, func() { p.Stop(20 * time.Second) })
	rig.Within(30*time.Second, func() bool {
		_, err = rig.Get(ready)
		return err == nil || !p.Running() || ctx.Err() != nil
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !p.Running():
		return fmt.Errorf("%s ended by itself", cmd.Path)
	}
	return err
}

// stop ends everything, the last first.
func (s *setup) stop() {
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
	s.ends = nil
}
