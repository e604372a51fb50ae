package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/rig"
)

// loader is the program that loads the plugins: a Fluent Bit, or test/host.
type loader struct {
	rig.Host
	dir string
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
	host, err := rig.FindHost(dir)
	return loader{host, dir}, err
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
		case <-p.Done():
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
	if u.peak, err = p.Peak(); err == nil {
		u.host, err = p.hostTime()
	}
	p.stop()
	u.cpu = p.State().UserTime() + p.State().SystemTime()
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
	case <-p.Done():
		return 0, fmt.Errorf("%s: the host ended by itself\n%s", c.name, p.tail())
	case <-time.After(idleTime):
	}
	return p.Peak()
}

func (l loader) start(ctx context.Context, s *service, c candidate) (*process, error) {
	dir, err := os.MkdirTemp(l.dir, "run")
	if err != nil {
		return nil, err
	}
	options := rig.Options{"alias": alias, "tag": "o365"}.With(s.options).With(c.options)
	if c.db {
		options["db"] = filepath.Join(dir, "o365.db")
	}
	args := []string{"-e", c.plugin}
	p := &process{output: filepath.Join(dir, "output"), fluentBit: l.FluentBit}
	if l.FluentBit {
		_, port, err := rig.FreePort()
		if err != nil {
			return nil, err
		}
		args = append(args, "-f", "1", "-H", "-L", "127.0.0.1", "-P", port)
		p.metrics = "http://127.0.0.1:" + port + "/api/v1/metrics"
	} else {
		args = append(args, "-count")
	}
	args = append(append(args, "-i", c.input), options.Args()...)
	if l.FluentBit {
		args = append(args, "-o", "null", "-m", "*")
	}
	return p, p.run(exec.CommandContext(ctx, l.Path, args...))
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
