// Command monitoring draws the dashboard in conf/monitoring without a Grafana,
// for the README:
//
//	make dashboard
//
// It runs the plugin in a Fluent Bit for a while, on a simulated Microsoft 365
// that throttles, refuses and fails; lets a Prometheus collect the metrics, with
// the scrape configuration and the alert rules of conf/monitoring; asks that
// Prometheus the dashboard's own queries; and draws the answers.
//
// With -prometheus it draws the last minutes of a Prometheus that is there.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	var m monitoring
	flag.StringVar(&m.plugin, "plugin", "build/in_o365.so", "the plugin")
	flag.StringVar(&m.conf, "conf", "conf/monitoring", "folder of dashboard, rules and scrape configuration")
	flag.StringVar(&m.out, "o", "conf/monitoring/dashboard.svg", "the picture")
	flag.DurationVar(&m.span, "span", 10*time.Minute, "how long it goes on, and what the picture shows")
	flag.StringVar(&m.prometheus, "prometheus", "", "URL of a Prometheus to draw from, instead of a new one")
	flag.BoolVar(&m.stay, "stay", false, "leave everything running after that, until Ctrl-C")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := m.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "monitoring:", err)
		os.Exit(1)
	}
}

// monitoring is one run.
type monitoring struct {
	plugin, conf, out, prometheus string
	span                          time.Duration
	stay                          bool
}

func (m *monitoring) run(ctx context.Context) error {
	if m.prometheus != "" {
		return m.draw(ctx, prometheus{url: m.prometheus}, time.Now())
	}
	dir, err := os.MkdirTemp("", "o365-monitoring")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s, err := startSetup(ctx, dir, m)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.play(ctx, m.span); err != nil {
		return err
	}
	if err := m.draw(ctx, s.prometheus, time.Now()); err != nil {
		return err
	}
	if m.stay {
		note("Prometheus is on %s; Ctrl-C ends it", s.prometheus.url)
		<-ctx.Done()
	}
	return nil
}

func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05")+" "+format+"\n", args...)
}
