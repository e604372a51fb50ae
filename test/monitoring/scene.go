package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// scene is everything that runs for the picture.
type scene struct {
	service    *rig.Service
	sink       *sink
	prometheus prometheus
	ends       []func()
}

// startScene starts the service and what it needs, up to Prometheus.
func startScene(ctx context.Context, dir string, m *monitoring) (_ *scene, err error) {
	s := &scene{sink: startSink()}
	s.ends = append(s.ends, s.sink.Close)
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if s.service, err = startService(dir); err != nil {
		return nil, err
	}
	s.ends = append(s.ends, s.service.Down)
	metrics, _, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	if err := s.startFluentBit(ctx, dir, m.plugin, metrics); err != nil {
		return nil, err
	}
	listen, _, err := rig.FreePort()
	if err != nil {
		return nil, err
	}
	s.prometheus = prometheus{url: "http://" + listen}
	return s, s.startPrometheus(ctx, dir, m.conf, metrics, listen)
}

func (s *scene) startFluentBit(ctx context.Context, dir, plugin, listen string) error {
	host, err := rig.FindFluentBit()
	if err != nil {
		return err
	}
	if host.Path == "" {
		return errors.New(rig.NoFluentBit)
	}
	note("%s", host)
	if plugin, err = filepath.Abs(plugin); err != nil {
		return err
	}
	to, err := url.Parse(s.sink.URL)
	if err != nil {
		return err
	}
	address, port, err := net.SplitHostPort(listen)
	if err != nil {
		return err
	}
	conf := fmt.Sprintf(`
service:
  flush: 1
  log_level: warn
  http_server: on
  http_listen: %s
  http_port: %s
  scheduler.base: 1
  scheduler.cap: 5
plugins:
  - %s
pipeline:
  inputs:
    - name: o365
      alias: o365
      tag: o365
      mem_buf_limit: 4M
      queue_size: 8M
      tenant_id: %s
      client_id: %s
      client_secret: %s
      endpoint: %s
      authority_host: %[7]s
      ca_file: %s
      db: %s
      content_types: %s
      poll_interval: 10s
      lookback: 1m
      requests_per_minute: %d
  outputs:
    - name: http
      match: '*'
      host: %s
      port: %s
      format: json_lines
      retry_limit: no_limits
`, address, port, plugin, cloud.DefaultTenant, rig.ClientID, rig.ClientSecret, s.service.URL(), s.service.CA,
		filepath.Join(dir, "o365.db"), strings.Join(cloud.ContentTypes(), ","), quota, to.Hostname(), to.Port())
	file := filepath.Join(dir, "fluent-bit.yaml")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		return err
	}
	return s.start(ctx, "http://"+listen+"/api/v2/metrics/prometheus", host.Path, "-c", file)
}

// The parts of the scrape configuration that are not as in the example.
var (
	target   = regexp.MustCompile(`localhost:2020`)
	interval = regexp.MustCompile(`(?m)^( *scrape_interval:) .*$`)
)

func (s *scene) startPrometheus(ctx context.Context, dir, conf, from, listen string) error {
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
	return s.start(ctx, s.prometheus.url+"/-/ready", "prometheus", "--config.file", file, "--log.level", "warn",
		"--storage.tsdb.path", filepath.Join(dir, "prometheus"), "--web.listen-address", listen)
}

// start waits until a program answers. It is ended with the scene.
func (s *scene) start(ctx context.Context, ready, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	p, err := rig.Start(cmd)
	if err != nil {
		return err
	}
	s.ends = append(s.ends, func() { p.Stop(20 * time.Second) })
	for range 60 {
		if response, err := http.Get(ready); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.Done():
			return fmt.Errorf("%s ended by itself", name)
		case <-time.After(time.Second / 2):
		}
	}
	return fmt.Errorf("%s does not answer on %s", name, ready)
}

// stop ends everything, the last first.
func (s *scene) stop() {
	for i := len(s.ends) - 1; i >= 0; i-- {
		s.ends[i]()
	}
	s.ends = nil
}
