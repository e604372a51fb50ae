// Package rig has what every test and tool needs that runs the plugin from end
// to end: a simulated Microsoft 365 (Service in this process, Simulator in one of
// its own), the program that loads the plugin (Host) and its configuration, a
// wrapper of processes, and free ports.
package rig

import (
	"path/filepath"

	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/api"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/login"
	"github.com/fluent-bit-o365/fluent-bit-o365/test/sim/server"
)

// The one application that the service knows.
const (
	ClientID     = server.ClientID
	ClientSecret = server.ClientSecret
)

// Service is a simulated Microsoft 365 on a loopback port.
type Service struct {
	*server.Server
}

// StartService starts a service. Its application has all permissions in every
// tenant. The certificate authority is written to dir.
func StartService(dir string, opt api.Options) (*Service, error) {
	s, err := server.Start(server.Options{API: opt, Login: login.Options{Seed: opt.Seed}, CAFile: filepath.Join(dir, "ca.pem")})
	if err != nil {
		return nil, err
	}
	return &Service{s}, nil
}

// Options are those of an input that collects everything of the default tenant
// and polls as often as it may.
func (s *Service) Options() Options {
	return Options(s.Settings()).With(Options{"tenant_id": api.DefaultTenant, "poll_interval": "10s"})
}
