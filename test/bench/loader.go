package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/host"
)

// loader is the program that loads the plugins: a Fluent Bit, or test/host.
type loader struct {
	name      string
	path      string
	fluentBit bool
	dir       string
}

// alias is the input's name.
const alias = "bench"

const (
	patience  = time.Minute // how long nothing may arrive
	idleTime  = 4 * time.Second
	pollCount = 100 * time.Millisecond
)

// findLoader builds test/host if there is no Fluent Bit.
func findLoader(dir string) (loader, error) {
	path, version, err := host.FindFluentBit()
	if err != nil {
		return loader{}, err
	}
	if path != "" {
		return loader{name: version, path: path, fluentBit: true, dir: dir}, nil
	}
	if path, err = host.Build(dir); err != nil {
		return loader{}, fmt.Errorf("no Fluent Bit, and no host to stand in for it: %w", err)
	}
	return loader{name: "test/host", path: path, dir: dir}, nil
}

// collect runs a plugin until everything the service has is in the host's
// hands.
func (l loader) collect(ctx context.Context, s *service, c candidate) (usage, error) {
	p, err := l.start(ctx, s, c)
	if err != nil {
		return usage{}, err
	}
	begin := time.Now()
	n, moved := 0, begin
	for n < s.load.Records {
		select {
		case <-p.ended:
			return usage{}, fmt.Errorf("%s: the host ended by itself\n%s", c.name, p.tail())
		case <-time.After(pollCount):
		}
		switch now := p.count(); {
		case now != n:
			n, moved = now, time.Now()
		case time.Since(moved) > patience:
			p.stop()
			return usage{}, fmt.Errorf("%s: %d of %d records, and nothing more for %v\n%s", c.name, n, s.load.Records, patience, p.tail())
		}
	}
	u := usage{wall: time.Since(begin), records: n}
	if u.peak, err = p.peak(); err == nil {
		u.host, err = p.hostTime()
	}
	p.stop()
	u.cpu = p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	return u, err
}

// idle is the resident size of a host whose plugin finds nothing to collect.
func (l loader) idle(ctx context.Context, empty *service, c candidate) (int64, error) {
	p, err := l.start(ctx, empty, c)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	select {
	case <-p.ended:
		return 0, fmt.Errorf("%s: the host ended by itself\n%s", c.name, p.tail())
	case <-time.After(idleTime):
	}
	return p.peak()
}

func (l loader) start(ctx context.Context, s *service, c candidate) (*process, error) {
	dir, err := os.MkdirTemp(l.dir, "run")
	if err != nil {
		return nil, err
	}
	options := append([][2]string{{"alias", alias}, {"tag", "o365"}}, s.options...)
	options = append(options, c.options...)
	if c.db {
		options = append(options, [2]string{"db", filepath.Join(dir, "o365.db")})
	}
	args := []string{"-e", c.plugin}
	p := &process{output: filepath.Join(dir, "output"), fluentBit: l.fluentBit, ended: make(chan struct{})}
	if l.fluentBit {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		args = append(args, "-f", "1", "-H", "-L", "127.0.0.1", "-P", port)
		p.metrics = "http://127.0.0.1:" + port + "/api/v1/metrics"
	} else {
		args = append(args, "-count")
	}
	args = append(args, "-i", c.input)
	for _, o := range options {
		args = append(args, "-p", o[0]+"="+o[1])
	}
	if l.fluentBit {
		args = append(args, "-o", "null", "-m", "*")
	}
	p.cmd = exec.CommandContext(ctx, l.path, args...)
	return p, p.start()
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// count is how many records the host has stored; 0 if it does not say.
func (p *process) count() int {
	if !p.fluentBit {
		return p.printed()
	}
	answer, err := (&http.Client{Timeout: time.Second}).Get(p.metrics)
	if err != nil {
		return 0 // it has not begun to listen
	}
	defer answer.Body.Close()
	var m struct {
		Input map[string]struct{ Records int }
	}
	_ = json.NewDecoder(answer.Body).Decode(&m)
	return m.Input[alias].Records
}

// printed is the last count that test/host has printed.
func (p *process) printed() int {
	text, _ := os.ReadFile(p.output)
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	at := bytes.LastIndex(text, []byte(alias+" "))
	if at < 0 {
		return 0
	}
	number, _, _ := strings.Cut(string(text[at+len(alias)+1:]), "\n")
	n, _ := strconv.Atoi(number)
	return n
}
