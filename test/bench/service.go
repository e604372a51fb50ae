package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/cloud"
)

// seed is that of all made-up records.
const seed = 1

// service is a simulated Microsoft 365 in a process of its own, whose CPU time
// does not count.
type service struct {
	*rig.Process
	options rig.Options // of an input that collects everything there is
	load    cloud.Expectation
}

// startService serves so many blobs of each content type. They are made before
// it returns.
func startService(ctx context.Context, dir string, blobs, records int) (*service, error) {
	dir, err := os.MkdirTemp(dir, "service")
	if err != nil {
		return nil, err
	}
	program, ready, ca := filepath.Join(dir, "sim"), filepath.Join(dir, "ready.json"), filepath.Join(dir, "ca.pem")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, simPackage).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, out)
	}
	types := strings.Join([]string{cloud.Entra, cloud.Exchange, cloud.SharePoint, cloud.General}, ",")
	cmd := exec.CommandContext(ctx, program,
		"-listen", "127.0.0.1:0", "-ready-file", ready, "-ca-out", ca, "-store", "-seed", strconv.Itoa(seed),
		"-types", types, "-subscribed", types, "-blobs", strconv.Itoa(blobs), "-records", strconv.Itoa(records),
		"-duplicates", "0", "-live", "0")
	cmd.Stderr = os.Stderr
	s := &service{}
	if s.Process, err = rig.Start(cmd); err != nil {
		return nil, err
	}
	if err := s.begin(ctx, ready, ca, types); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// begin waits until the service is ready.
func (s *service) begin(ctx context.Context, ready, ca, types string) error {
	var text []byte
	for deadline := time.Now().Add(5 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var err error
		if text, err = os.ReadFile(ready); err == nil {
			break
		}
		if ctx.Err() != nil || time.Now().After(deadline) {
			return fmt.Errorf("the simulated service is not ready: %w", err)
		}
	}
	var told map[string]string
	if err := json.Unmarshal(text, &told); err != nil {
		return err
	}
	s.options = rig.Options{"content_types": types}
	for _, key := range []string{"tenant_id", "client_id", "client_secret", "endpoint", "authority_host", "ca_file"} {
		s.options[key] = told[key]
	}
	return s.ask(told["control"]+"account", ca)
}

// ask learns what the service has.
func (s *service) ask(account, ca string) error {
	pem, err := os.ReadFile(ca)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get(account)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	var a cloud.Account
	if err := json.NewDecoder(answer.Body).Decode(&a); err != nil {
		return err
	}
	s.load = a.Expected
	return nil
}

func (s *service) stop() { s.Stop(30 * time.Second) }
