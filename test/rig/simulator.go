package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

const (
	simPackage = "github.com/fluent-bit-o365/fluent-bit-o365/test/sim"
	simStart   = 5 * time.Minute // with -store it makes all content first
)

// Simulator is the program test/sim: the same service as Service has, in a
// process whose CPU time is not this one's.
type Simulator struct {
	*Process
	control string // URL
	options Options
}

// StartSimulator builds the program, starts it with flags of its own, on a free
// port, and waits until it is ready. Its files go to a new folder in dir. It is
// killed when ctx ends.
func StartSimulator(ctx context.Context, dir string, flags ...string) (*Simulator, error) {
	dir, err := os.MkdirTemp(dir, "sim")
	if err != nil {
		return nil, err
	}
	program, ready := filepath.Join(dir, "sim"), filepath.Join(dir, "ready.json")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, simPackage).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	flags = append([]string{"-listen", "127.0.0.1:0", "-ready-file", ready, "-ca-out", filepath.Join(dir, "ca.pem")}, flags...)
	p, err := Start(exec.CommandContext(ctx, program, flags...))
	if err != nil {
		return nil, err
	}
	s := &Simulator{Process: p}
	var text []byte
	Within(simStart, func() bool {
		text, err = os.ReadFile(ready)
		return err == nil || !p.Running()
	})
	if err == nil {
		err = json.Unmarshal(text, &s.options)
	}
	if err != nil {
		p.Kill()
		return nil, errors.Join(fmt.Errorf("the simulator is not ready: %w", err), errors.New(p.LogTail()))
	}
	s.control = s.options["control"]
	delete(s.options, "control")
	return s, nil
}

// Options are those of an input that collects everything from the service.
func (s *Simulator) Options() Options { return maps.Clone(s.options) }

// Account is what the service was asked so far, and what it has.
func (s *Simulator) Account() (a api.Account, err error) {
	client, err := server.Client(s.options["ca_file"])
	if err != nil {
		return a, err
	}
	defer client.CloseIdleConnections()
	answer, err := client.Get(s.control + "account")
	if err != nil {
		return a, err
	}
	defer answer.Body.Close()
	return a, json.NewDecoder(answer.Body).Decode(&a)
}
